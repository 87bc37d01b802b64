"""Compares config.json with the weights, the tokenizer and the needs of a vision model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from switchover.checkpoint.companions import check_chat_template, check_vision_companions
from switchover.checkpoint.decoder import TextConfig
from switchover.checkpoint.families import ARCHITECTURES, Architecture, expect_tensors
from switchover.checkpoint.findings import Inspection, Warned
from switchover.checkpoint.flat import find_wrapper, nest_base_model
from switchover.checkpoint.quantized import (
    Quantization,
    find_quantization,
    find_unsaid_quantization,
    find_unserved,
    quantize,
)
from switchover.checkpoint.tensors import compare_with_config
from switchover.checkpoint.text import Json, quote
from switchover.checkpoint.tokenizer import check_tokenizer
from switchover.domain.reasons import Reason, reasons_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.checkpoint.reading import Evidence

Texts = Mapping[str, Mapping[str, Json]]

_GENERATES_TEXT = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel", "InternVLChatModel")
# A config.json without any of these keys belongs to another library.
_OF_TRANSFORMERS = frozenset({"architectures", "hidden_size", "model_type", "transformers_version"})
# transformers 5 keeps a layer's experts in one tensor, and may save that tensor.
_FUSED = (".experts.gate_up_proj", ".experts.gate_up_proj.weight")
# Layouts whose loaders read another file than config.json, with their names.
_OTHER_LAYOUTS: Mapping[str, str] = {
    "params.json": "Mistral's own layout",
    "model_index.json": "a diffusers pipeline",
    "modules.json": "a sentence-transformers model",
    "open_clip_config.json": "an OpenCLIP model",
}


def inspect_config(evidence: Evidence, texts: Texts) -> Inspection:
    """List contradictions between config.json, the files beside it and the weights.

    `texts` holds the JSON files that could be parsed; another check reports the others.
    """
    config = texts.get("config.json")
    if config is None:
        return _without_config(evidence)
    names = config.get("architectures")
    name = names[0] if isinstance(names, list) and names else None
    if not isinstance(name, str):
        return _without_architecture(config)
    companions = tuple(_find_companion_faults(evidence, texts, name, config))
    wrapper = find_wrapper(evidence.weights, is_known=name in ARCHITECTURES)
    if wrapper is not None:
        return Inspection((*companions, wrapper))
    weights = _inspect_weights(evidence, texts, name, config)
    return replace(weights, reasons=(*companions, *weights.reasons))


def _find_companion_faults(
    evidence: Evidence, texts: Texts, name: str, config: Mapping[str, Json]
) -> Iterator[Reason]:
    """The faults of the files that a text-generating model needs beside its weights."""
    if not name.endswith(_GENERATES_TEXT):
        return
    architecture = ARCHITECTURES.get(name)
    yield from check_tokenizer(evidence, texts, is_known=architecture is not None)
    is_visual = config.get("vision_config") is not None
    if is_visual:
        needs = architecture is not None and architecture.needs_processor
        yield from check_vision_companions(evidence, texts, needs_processor=needs)
    if is_visual or name.endswith("ForCausalLM"):
        yield from check_chat_template(evidence, texts)


def _inspect_weights(
    evidence: Evidence, texts: Texts, name: str, config: Mapping[str, Json]
) -> Inspection:
    """Find the quantization of the weights, and tensors with other shapes than the config's."""
    quantization = find_quantization(texts)
    reasons = tuple(find_unserved(quantization))
    if quantization is None:
        reasons += tuple(find_unsaid_quantization(evidence.weights))
    architecture = ARCHITECTURES.get(name)
    if architecture is None:
        note = f"config.json: tensor shapes were not compared, as {quote(name)} is not known here."
        return Inspection(reasons, (note,))
    shapes = _compare_shapes(architecture, evidence, config, quantization)
    if _has_native_copy(evidence.files):
        shapes = replace(shapes, reasons=tuple(Warned(**dict(each)) for each in shapes.reasons))
    how = f", quantized by {quantization.method}" if quantization else ""
    return Inspection(
        reasons=(*reasons, *shapes.reasons),
        unchecked=shapes.unchecked,
        checked=(*shapes.checked, f"config.json: {name}{how}."),
    )


def _compare_shapes(
    architecture: Architecture,
    evidence: Evidence,
    config: Mapping[str, Json],
    quantization: Quantization | None,
) -> Inspection:
    nested, has_head = nest_base_model(evidence.weights)
    try:
        expectation = expect_tensors(architecture, config)
        expected, unchecked = expectation.tensors, expectation.unknown
        # Sentence Transformers pools the output of the last layer, and never uses the head.
        if not has_head or "modules.json" in evidence.files:
            expected = tuple(
                replace(want, is_required=False) if want.name == "lm_head.weight" else want
                for want in expected
            )
        if any(name.endswith(_FUSED) for name in nested.groups):
            expected = tuple(want for want in expected if ".experts." not in want.name)
            unchecked += ("The experts' tensors, as those of a layer are saved as one.",)
        if quantization is not None:
            expected, untold = quantize(expected, quantization)
            unchecked += untold
    except ValidationError as error:
        faults = reasons_from(
            error,
            code="model.config-invalid",
            subjects={},
            source="config.json",
            model=TextConfig,
        )
        return Inspection(faults)
    if not nested.is_complete:
        unchecked = (*unchecked, "Whether every tensor is there: not every shard could be read.")
    found = tuple(compare_with_config(expected, nested))
    count = sum(want.count for want in expected if want.shape is not None)
    return Inspection(
        reasons=found,
        unchecked=unchecked,
        checked=(f"Names and shapes of up to {count} tensors against config.json.",),
    )


def _has_native_copy(files: frozenset[str]) -> bool:
    """Whether the files include Mistral's own layout, which servers prefer if they know it.

    Source: vllm, transformers_utils/config.py, get_config ("auto" with params.json).
    """
    return "params.json" in files and any(path.startswith("consolidated") for path in files)


def _without_config(evidence: Evidence) -> Inspection:
    if "config.json" in evidence.files:
        return Inspection(())
    other = next((kind for path, kind in _OTHER_LAYOUTS.items() if path in evidence.files), None)
    if other is not None:
        return Inspection((), (f"How the weights fit together: this is {other}.",))
    deeper = sorted(path for path in evidence.files if path.endswith("/config.json"))
    if len(deeper) == 1:
        folder = deeper[0].removesuffix("config.json")
        message = f"is missing here: the model is one folder deeper, in {folder}."
        remedy = f"Upload {folder} itself, so that config.json is at the top."
    else:
        message = "is missing, and no other file names the model."
        remedy = "Copy it from the model that this one was trained from, and upload again."
    return Inspection(
        (Reason(code="model.no-config", subject="config.json", message=message, remedy=remedy),)
    )


def _without_architecture(config: Mapping[str, Json]) -> Inspection:
    """Handle a config without architectures: transformers uses model_type, vLLM and SGLang need them.

    Sources: transformers, AutoConfig.from_pretrained; vllm, ModelRegistry.inspect_model_cls.
    """
    is_other = bool(config) and not _OF_TRANSFORMERS & config.keys()
    if is_other or {"pretrained_config", "architecture"} & config.keys():
        note = "config.json: nothing was compared, as it isn't a Hugging Face transformers config."
        return Inspection((), (note,))
    kind = Warned if isinstance(config.get("model_type"), str) else Reason
    reason = kind(
        code="model.config-invalid",
        subject="config.json: architectures",
        message=f"names no model class, but has the value {quote(config.get('architectures'))};"
        " vLLM and SGLang choose the class by it.",
        remedy='Add it, such as ["Qwen2_5_VLForConditionalGeneration"].',
    )
    return Inspection((reason,), ("config.json: tensors and companions were not compared.",))
