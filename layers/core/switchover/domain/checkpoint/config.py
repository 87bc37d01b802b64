"""Holds config.json against the weights, the tokenizer and what a vision-language model needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from switchover.domain.checkpoint.families import ARCHITECTURES, Architecture, expect_tensors
from switchover.domain.checkpoint.language import TextConfig
from switchover.domain.checkpoint.quantized import (
    Quantization,
    find_quantization,
    find_unsaid_quantization,
    quantize,
)
from switchover.domain.checkpoint.shapes import find_text_config
from switchover.domain.checkpoint.tensors import compare_with_config
from switchover.domain.checkpoint.text import Json, integer_at, object_at, quote
from switchover.domain.reasons import Reason, reasons_from

if TYPE_CHECKING:
    from switchover.domain.checkpoint.weights import Weights

Texts = Mapping[str, Mapping[str, Json]]

_TOKENIZERS = (
    {"tokenizer.json"},
    {"tokenizer.model"},
    {"spiece.model"},
    {"sentencepiece.bpe.model"},
    {"tekken.json"},
    {"qwen.tiktoken"},
    {"vocab.txt"},
    {"vocab.json", "merges.txt"},
)
_GENERATES_TEXT = ("ForCausalLM", "ForConditionalGeneration", "LMHeadModel", "InternVLChatModel")
_COPY = "Copy it from the model that this one was trained from, and upload again."


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is wrong with a model, what could not be looked at, and what was."""

    reasons: tuple[Reason, ...]
    unchecked: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()


def inspect_config(files: frozenset[str], texts: Texts, weights: Weights) -> Inspection:
    """Say where config.json, the files around it and the weights don't fit together.

    `texts` holds the JSON files that could be parsed; for those that could not, somebody else has
    said so.
    """
    config = texts.get("config.json")
    if config is None:
        absent = () if "config.json" in files else (_absent("config.json", "model.no-config"),)
        return Inspection(absent)
    names = config.get("architectures")
    name = names[0] if isinstance(names, list) and names else None
    if not isinstance(name, str):
        return Inspection((_no_architecture(names),))
    reasons: list[Reason] = []
    if name.endswith(_GENERATES_TEXT):
        reasons += _check_tokenizer(files, texts, config)
    if "vision_config" in config:
        reasons += _check_vision_companions(files, texts, config)
    quantization = find_quantization(texts)
    if quantization is None:
        unsaid = find_unsaid_quantization(
            held.name for group in weights.groups.values() for held in group
        )
        reasons += [unsaid] if unsaid else []
    architecture = ARCHITECTURES.get(name)
    if architecture is None:
        note = f"config.json: tensor shapes were not compared, as {quote(name)} is not known here."
        return Inspection(tuple(reasons), (note,))
    shapes = _compare_shapes(architecture, config, weights, quantization)
    how = f", quantized by {quantization.method}" if quantization else ""
    return Inspection(
        reasons=(*reasons, *shapes.reasons),
        unchecked=shapes.unchecked,
        checked=(*shapes.checked, f"config.json: {name}{how}."),
    )


def _compare_shapes(
    architecture: Architecture,
    config: Mapping[str, Json],
    weights: Weights,
    quantization: Quantization | None,
) -> Inspection:
    try:
        expectation = expect_tensors(architecture, config)
        expected, unchecked = expectation.tensors, expectation.unknown
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
    if not weights.is_complete:
        unchecked = (*unchecked, "Whether every tensor is there: not every shard could be read.")
    count = sum(want.count for want in expected if want.shape is not None)
    return Inspection(
        reasons=tuple(compare_with_config(expected, weights)),
        unchecked=unchecked,
        checked=(f"Names and shapes of up to {count} tensors against config.json.",),
    )


def _check_tokenizer(
    files: frozenset[str], texts: Texts, config: Mapping[str, Json]
) -> Iterator[Reason]:
    if not any(kind <= files for kind in _TOKENIZERS):
        yield _absent("tokenizer.json", "model.no-tokenizer")
    tokenizer = texts.get("tokenizer.json")
    vocabulary_size = integer_at(find_text_config(config), "vocab_size")
    if tokenizer is None or vocabulary_size is None:
        return
    last = _find_last_token(object_at(tokenizer, "model").get("vocab"))
    if last is None:
        yield Reason(
            code="model.tokenizer-invalid",
            subject="tokenizer.json: model.vocab",
            message="holds no tokens.",
            remedy=_COPY,
        )
    elif last >= vocabulary_size:
        yield Reason(
            code="model.tokenizer-disagrees",
            subject="tokenizer.json: model.vocab",
            message=f"has the token id {last}; config.json (vocab_size) ends at "
            f"{vocabulary_size - 1}.",
            remedy="Take the tokenizer that this model was trained with.",
        )


def _find_last_token(vocabulary: Json) -> int | None:
    """The highest id: a mapping of token to id (BPE), or a list of pairs in order (Unigram)."""
    if isinstance(vocabulary, list):
        return len(vocabulary) - 1 if vocabulary else None
    if isinstance(vocabulary, dict):
        return max((id_ for id_ in vocabulary.values() if type(id_) is int), default=None)
    return None


def _check_vision_companions(
    files: frozenset[str], texts: Texts, config: Mapping[str, Json]
) -> Iterator[Reason]:
    """A vision-language model needs its image processor, chat template and end tokens."""
    if not {"preprocessor_config.json", "processor_config.json"} & files:
        yield _absent("preprocessor_config.json", "model.no-preprocessor")
    yield from _compare_patches(texts, config)
    has_template = {"chat_template.json", "chat_template.jinja"} & files or any(
        "chat_template" in texts.get(path, {})
        for path in ("tokenizer_config.json", "processor_config.json")
    )
    # Mistral's own tokenizer format carries the template in code.
    if not has_template and "tekken.json" not in files:
        yield _absent("tokenizer_config.json: chat_template", "model.no-chat-template")
    if (
        "generation_config.json" not in files
        and find_text_config(config).get("eos_token_id") is None
    ):
        yield _absent("generation_config.json", "model.no-generation-config")


def _compare_patches(texts: Texts, config: Mapping[str, Json]) -> Iterator[Reason]:
    processor = texts.get("preprocessor_config.json", {})
    vision = object_at(config, "vision_config")
    for field, vision_field in (
        ("patch_size", "patch_size"),
        ("temporal_patch_size", "temporal_patch_size"),
        ("merge_size", "spatial_merge_size"),
    ):
        has, wants = integer_at(processor, field), integer_at(vision, vision_field)
        if has is not None and wants is not None and has != wants:
            yield Reason(
                code="model.preprocessor-disagrees",
                subject=f"preprocessor_config.json: {field}",
                message=f"is {quote(has)}; config.json (vision_config.{vision_field}) says "
                f"{quote(wants)}.",
                remedy=_COPY,
            )


def _no_architecture(names: Json) -> Reason:
    return Reason(
        code="model.config-invalid",
        subject="config.json: architectures",
        message=f"names no model class, but says {quote(names)}.",
        remedy='Add it, such as ["Qwen2_5_VLForConditionalGeneration"].',
    )


def _absent(subject: str, code: str) -> Reason:
    return Reason(
        code=code,
        subject=subject,
        message="is missing, and the model can't serve without it.",
        remedy=_COPY,
    )
