"""Undoes changes of tensor names that a wrapper library or a base model makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from switchover.checkpoint.text import quote
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.checkpoint.weights import Weights

_BASE = ("layers.", "embed_tokens.", "norm.")


def find_wrapper(weights: Weights, *, is_known: bool) -> Reason | None:
    """Find the training wrapper with which the weights were saved: no loader knows its names.

    Sources: PEFT, PeftModel.base_model; torch, _dynamo/eval_frame.py, OptimizedModule._orig_mod;
    torch, nn/parallel/distributed.py, DistributedDataParallel.module.
    """
    names = [held.name for group in weights.groups.values() for held in group]
    for part, wrapper, unwrap in (
        ("base_model.model.", "a PEFT adapter", "call merge_and_unload()"),
        ("_orig_mod.", "torch.compile", "save model._orig_mod"),
        ("module.", "DistributedDataParallel", "save model.module"),
    ):
        wrapped = [name for name in names if name.startswith(part) or f".{part}" in name]
        # A module may really be named `module`, so only a known architecture proves a wrapper.
        is_sure = part != "module." or (is_known and all(n.startswith(part) for n in names))
        if wrapped and is_sure:
            return Reason(
                code="model.names-prefixed",
                subject=f"*.safetensors: {wrapped[0]}",
                message=f"tensors carry {quote(part)} in their names, as {wrapper} adds it; no loader "
                "looks for such names.",
                remedy=f"Unwrap the model ({unwrap}), save it with save_pretrained, and upload that.",
            )
    return None


def nest_base_model(weights: Weights) -> tuple[Weights, bool]:
    """Rename the weights as in a model with a head; says whether a head is expected.

    Embedding models are published as the base model only: without `model.`, without a head.
    Source: transformers, PreTrainedModel.from_pretrained (base_model_prefix).
    """
    groups = weights.groups
    if "embed_tokens.weight" not in groups:
        return weights, True
    nested = {
        f"model.{name}" if name.startswith(_BASE) else name: held for name, held in groups.items()
    }
    return replace(weights, groups=nested), False
