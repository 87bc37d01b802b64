"""Reads a checkpoint's quantization, and derives the tensors that the checkpoint must contain.

With an unknown method, or an unknown mix of methods, the quantized tensors aren't compared: a new
method isn't a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.checkpoint.findings import Warned
from switchover.checkpoint.packing import (
    BlockConfig,
    GroupWeights,
    PackedConfig,
    halve,
    keep,
    pack_by_awq,
    pack_by_gptq,
    pack_by_rows,
    pack_in_bytes,
    pack_in_halves,
    scale_by_row,
    scale_in_blocks,
)
from switchover.checkpoint.text import Json, object_at, quote, text_at
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from switchover.checkpoint.packing import Replace
    from switchover.checkpoint.shapes import Expected
    from switchover.checkpoint.weights import Weights

# Written beside config.json by older versions of AutoGPTQ and AutoAWQ.
SIDE_CONFIGS: Mapping[str, str] = {"quantize_config.json": "gptq", "quant_config.json": "awq"}
# ModelOpt's own file; its numbers are one level deeper.
_MODELOPT = "hf_quant_config.json"
_STORAGE_BYTES = {"uint8": 1, "int8": 1, "float16": 2, "bfloat16": 2, "float32": 4}
_MODELOPT_ALGORITHMS: Mapping[str, Replace] = {"FP8": keep, "NVFP4": halve}
_PACKED_ENDINGS = (".qweight", ".weight_packed", ".weight.quant_map", ".SCB")


@dataclass(frozen=True, slots=True)
class Quantization:
    """The quantization that a checkpoint declares."""

    method: str
    config: Mapping[str, Json]


def find_quantization(texts: Mapping[str, Mapping[str, Json]]) -> Quantization | None:
    """Read the quantization from config.json or from the quantizer's file beside it."""
    config = texts.get("config.json", {})
    # Also in a section: text_config, llm_config, thinker_config.text_config, vision_config.
    parts = [config, *_objects_in(config)]
    for place in [*parts, *(deeper for part in parts[1:] for deeper in _objects_in(part))]:
        for key in ("quantization_config", "compression_config"):
            said = object_at(place, key)
            if said:
                return Quantization(text_at(said, "quant_method") or _guess_method(said), said)
    for path, method in SIDE_CONFIGS.items():
        if path in texts:
            return Quantization(method, texts[path])
    if _MODELOPT in texts:
        return Quantization("modelopt", object_at(texts[_MODELOPT], "quantization"))
    if object_at(config, "quantization"):
        return Quantization("mlx", object_at(config, "quantization"))
    return None


def _objects_in(content: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    return [value for value in content.values() if isinstance(value, dict)]


def _guess_method(said: Mapping[str, Json]) -> str:
    """Recognise bitsandbytes without the key for the method, which didn't exist at first."""
    return "bitsandbytes" if "load_in_4bit" in said or "load_in_8bit" in said else "unnamed"


def find_unsaid_quantization(weights: Weights) -> Iterator[Reason]:
    """Refuse quantized tensors if no file tells a loader how to read them."""
    names = (held.name for group in weights.groups.values() for held in group)
    packed = next((name for name in names if name.endswith(_PACKED_ENDINGS)), None)
    if packed is not None:
        yield Reason(
            code="model.quantization-unsaid",
            subject="config.json: quantization_config",
            message=f"is missing, but the weights are quantized ({quote(packed)} exists).",
            remedy="Save the model again with the library that quantized it: it writes this key"
            " into config.json.",
        )


def find_unserved(quantization: Quantization | None) -> Iterator[Reason]:
    """Warn about weights that transformers loads, but vLLM doesn't.

    Source: vllm, quantization/bitsandbytes.py, BitsAndBytesConfig ("Unsupported
    bnb_4bit_quant_storage").
    """
    if quantization is None or quantization.config.get("load_in_4bit") is not True:
        return
    stored = text_at(quantization.config, "bnb_4bit_quant_storage") or "uint8"
    if stored != "uint8" and stored.removeprefix("torch.") in _STORAGE_BYTES:
        yield Warned(
            code="model.quantization-unserved",
            subject="config.json: quantization_config.bnb_4bit_quant_storage",
            message=f"is {quote(stored)}: vLLM loads 4-bit weights of bitsandbytes only if stored as "
            "uint8. transformers loads them either way.",
            remedy='For vLLM, quantize again with bnb_4bit_quant_storage="uint8" (the default).',
        )


def quantize(
    expected: tuple[Expected, ...], quantization: Quantization
) -> tuple[tuple[Expected, ...], tuple[str, ...]]:
    """The tensors of the quantized checkpoint, and the parts that couldn't be determined.

    Raises:
        ValidationError: the quantization's numbers are missing or impossible.
    """
    method, config = quantization.method, quantization.config
    is_told, replaced = _choose(method, config)
    if replaced is None:
        plain = tuple(want for want in expected if not want.is_linear)
        return plain, (f"The shapes of tensors that {quote(method)} quantized.",)
    tensors = tuple(
        part
        for want in expected
        for part in (
            replaced(want, (want.shape[0], want.shape[1]))
            if want.is_linear and want.shape is not None
            else (want,)
        )
    )
    return tensors, () if is_told else ("The shapes of quantized tensors' scales.",)


def _choose(method: str, config: Mapping[str, Json]) -> tuple[bool, Replace | None]:
    """The effect of a method on a linear tensor, and whether it determines all scales."""
    choose = _METHODS.get(method)
    return choose(config) if choose else (False, None)


def _choose_gptq(config: Mapping[str, Json]) -> tuple[bool, Replace | None]:
    # Patterns name the layers with other bits than the rest (GPTQModel, `dynamic`).
    is_other = config.get("dynamic") or config.get("is_marlin_format")
    is_known = _is_said(config, "checkpoint_format", {"gptq", "gptq_v2"}) and _has_group(config)
    if is_other or not is_known:
        return False, None
    return True, pack_by_gptq(PackedConfig.model_validate(config))


def _choose_awq(config: Mapping[str, Json]) -> tuple[bool, Replace | None]:
    if not _is_said(config, "version", {"gemm"}) or not _has_group(config):
        return False, None
    return True, pack_by_awq(PackedConfig.model_validate(config))


def _choose_fp8(config: Mapping[str, Json]) -> tuple[bool, Replace | None]:
    if config.get("weight_block_size") is None:
        return False, keep
    return True, scale_in_blocks(BlockConfig.model_validate(config))


def _choose_fbgemm(_: Mapping[str, Json]) -> tuple[bool, Replace | None]:
    return False, keep


def _choose_modelopt(config: Mapping[str, Json]) -> tuple[bool, Replace | None]:
    return False, _MODELOPT_ALGORITHMS.get(text_at(config, "quant_algo") or "")


def _choose_bitsandbytes(config: Mapping[str, Json]) -> tuple[bool, Replace | None]:
    if config.get("load_in_4bit") is not True:
        return True, scale_by_row
    stored = text_at(config, "bnb_4bit_quant_storage") or "uint8"
    bytes_per_value = _STORAGE_BYTES.get(stored.removeprefix("torch."))
    return True, pack_in_halves(bytes_per_value) if bytes_per_value else None


def _has_group(config: Mapping[str, Json]) -> bool:
    """Whether the group size is set. Null has no documented meaning in GPTQModel and AutoAWQ."""
    return config.get("group_size", 0) is not None


def _is_said(config: Mapping[str, Json], key: str, known: set[str]) -> bool:
    """Whether an optional key is absent or has a known value."""
    value = config.get(key)
    return value is None or (isinstance(value, str) and value.lower() in known)


def _choose_compressed(config: Mapping[str, Json]) -> tuple[bool, Replace | None]:
    """Choose by the format of the only group, with any name (compressed-tensors, ModelCompressor)."""
    groups = list(object_at(config, "config_groups").values())
    is_sparse = text_at(object_at(config, "sparsity_config"), "format") not in {None, "dense"}
    if len(groups) != 1 or not isinstance(groups[0], dict) or is_sparse:
        return False, None
    said = text_at(groups[0], "format") or text_at(config, "format")
    match said:
        case "pack-quantized":
            weights = GroupWeights.model_validate(object_at(groups[0], "weights"))
            return True, pack_by_rows(weights)
        case "nvfp4-pack-quantized":
            return False, pack_in_bytes("weight_packed", "weight_scale", 16)
        case "mxfp4-pack-quantized":
            return False, pack_in_bytes("weight_packed", "weight_scale", 32)
        case "float-quantized" | "int-quantized" | "naive-quantized" | "dense":
            return False, keep
        case _:
            return False, None


_METHODS: Mapping[str, Callable[[Mapping[str, Json]], tuple[bool, Replace | None]]] = {
    "gptq": _choose_gptq,
    "awq": _choose_awq,
    "fp8": _choose_fp8,
    "fbgemm_fp8": _choose_fbgemm,
    "compressed-tensors": _choose_compressed,
    "modelopt": _choose_modelopt,
    "bitsandbytes": _choose_bitsandbytes,
}
