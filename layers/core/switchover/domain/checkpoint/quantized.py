"""Which tensors quantization puts in the place of a linear layer's weight, by its method.

Names and shapes follow what writes such checkpoints: GPTQ (AutoGPTQ/GPTQModel, QuantLinear), AWQ
(AutoAWQ, WQLinear_GEMM), FP8 in blocks (transformers, FP8Linear), compressed-tensors
(pack-quantized) and bitsandbytes (nn.Linear4bit, functional.QuantState; nn.Linear8bitLt).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import AliasChoices, AliasPath, Field

from switchover.domain.checkpoint.shapes import Expected, Size, Sizes
from switchover.domain.checkpoint.text import Json, object_at, quote, text_at
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Replace = Callable[[Expected, tuple[int, int]], Iterator[Expected]]

# Written beside config.json by older versions of AutoGPTQ and AutoAWQ.
SIDE_CONFIGS: Mapping[str, str] = {"quantize_config.json": "gptq", "quant_config.json": "awq"}
_PACKED_ENDINGS = (".qweight", ".weight_packed", ".weight.quant_map", ".SCB")
_WORD_BITS = 32

Bits = Annotated[int, Field(ge=2, le=8)]
Group = Annotated[int, Field(ge=-1, lt=2**31)]


class PackedConfig(Sizes):
    """GPTQ's and AWQ's own words for the same two numbers; a group of -1 is a whole row."""

    bits: Annotated[Bits, Field(validation_alias=AliasChoices("bits", "w_bit"))] = 4
    group_size: Annotated[
        Group, Field(validation_alias=AliasChoices("group_size", "q_group_size"))
    ] = 128

    def count_groups(self, columns: int) -> int:
        """How many scales a row has."""
        return -(-columns // self.group_size) if self.group_size > 0 else 1


class PackedGroup(PackedConfig):
    """The only config group of compressed-tensors; without a group size, one scale per row."""

    bits: Annotated[
        Bits,
        Field(validation_alias=AliasPath("config_groups", "group_0", "weights", "num_bits")),
    ] = 4
    group_size: Annotated[
        Group,
        Field(validation_alias=AliasPath("config_groups", "group_0", "weights", "group_size")),
    ] = -1


class BlockConfig(Sizes):
    """The height and width of a block that shares one scale."""

    weight_block_size: tuple[Size, Size] = Field(strict=False)


@dataclass(frozen=True, slots=True)
class Quantization:
    """How a checkpoint says that it was quantized."""

    method: str
    config: Mapping[str, Json]


def find_quantization(texts: Mapping[str, Mapping[str, Json]]) -> Quantization | None:
    """What config.json, or the file that older tools write beside it, says of quantization."""
    config = texts.get("config.json", {})
    for place in (config, object_at(config, "text_config"), object_at(config, "llm_config")):
        for key in ("quantization_config", "compression_config"):
            said = object_at(place, key)
            if said:
                return Quantization(text_at(said, "quant_method") or _guess_method(said), said)
    for path, method in SIDE_CONFIGS.items():
        if path in texts:
            return Quantization(method, texts[path])
    return None


def _guess_method(said: Mapping[str, Json]) -> str:
    """bitsandbytes came before there was a key for the method."""
    return "bitsandbytes" if "load_in_4bit" in said or "load_in_8bit" in said else "unnamed"


def find_unsaid_quantization(names: Iterable[str]) -> Reason | None:
    """Say that tensors are quantized though nothing tells a loader how to read them."""
    packed = next((name for name in names if name.endswith(_PACKED_ENDINGS)), None)
    if packed is None:
        return None
    return Reason(
        code="model.quantization-unsaid",
        subject="config.json: quantization_config",
        message=f"is missing, but the weights are quantized ({quote(packed)} is there).",
        remedy="Save the model again with the library that quantized it, so that config.json says "
        "how.",
    )


def quantize(
    expected: tuple[Expected, ...], quantization: Quantization
) -> tuple[tuple[Expected, ...], tuple[str, ...]]:
    """The tensors of the quantized checkpoint, and what of them couldn't be told.

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
    """What a method does to a linear tensor, and whether that says everything of its scales."""
    match method:
        case "gptq" if config.get("checkpoint_format", "gptq") in {"gptq", "gptq_v2"}:
            return True, _packed_by_gptq(PackedConfig.model_validate(config))
        case "awq" if str(config.get("version", "gemm")).lower() == "gemm":
            return True, _packed_by_awq(PackedConfig.model_validate(config))
        case "fp8" if config.get("weight_block_size") is not None:
            return True, _scaled_in_blocks(BlockConfig.model_validate(config))
        case "fp8" | "fbgemm_fp8":
            return False, _keep
        case "compressed-tensors" if len(object_at(config, "config_groups")) == 1:
            if config.get("format") == "pack-quantized":
                return True, _packed_by_rows(PackedGroup.model_validate(config))
            return False, _keep
        case "bitsandbytes":
            return True, _packed_in_halves if config.get("load_in_4bit") is True else _scaled_by_row
        case _:
            return False, None


def _keep(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
    """FP8 keeps names and shapes; its scales are one number, or one per row."""
    del size
    yield want


def _packed_by_gptq(config: PackedConfig) -> Replace:
    def replace_weight(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
        rows, columns = size
        groups, base = config.count_groups(columns), want.name.removesuffix(".weight")
        words = columns * config.bits // _WORD_BITS
        yield from _pack(
            want,
            f"{base}.qweight",
            (words, rows),
            {
                f"{base}.qzeros": (groups, rows * config.bits // _WORD_BITS),
                f"{base}.scales": (groups, rows),
            },
        )
        yield _part(want, f"{base}.g_idx", (columns,))

    return replace_weight


def _packed_by_awq(config: PackedConfig) -> Replace:
    def replace_weight(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
        rows, columns = size
        groups, base = config.count_groups(columns), want.name.removesuffix(".weight")
        words = rows * config.bits // _WORD_BITS
        yield from _pack(
            want,
            f"{base}.qweight",
            (columns, words),
            {f"{base}.qzeros": (groups, words), f"{base}.scales": (groups, rows)},
        )

    return replace_weight


def _packed_by_rows(config: PackedGroup) -> Replace:
    def replace_weight(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
        rows, columns = size
        yield from _pack(
            want,
            f"{want.name}_packed",
            (rows, -(-columns * config.bits // _WORD_BITS)),
            {
                f"{want.name}_scale": (rows, config.count_groups(columns)),
                f"{want.name}_shape": (2,),
            },
        )

    return replace_weight


def _scaled_in_blocks(config: BlockConfig) -> Replace:
    def add_scale(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
        high, wide = config.weight_block_size
        yield want
        yield _part(want, f"{want.name}_scale_inv", (-(-size[0] // high), -(-size[1] // wide)))

    return add_scale


def _packed_in_halves(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
    """bitsandbytes, 4 bit: two values a byte under the same name; how they were scaled beside it.

    How many scales there are, only the quant_state's own content says.
    """
    yield replace(want, packed_shape=(-(-size[0] * size[1] // 2), 1))
    yield _part(want, f"{want.name}.absmax", None, needed_by=f"{want.name}.quant_map")
    yield _part(want, f"{want.name}.quant_map", (16,), needed_by=f"{want.name}.absmax")


def _scaled_by_row(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
    yield want
    yield _part(want, f"{want.name.removesuffix('.weight')}.SCB", (size[0],))


def _pack(
    want: Expected,
    packed: str,
    shape: tuple[int, int],
    companions: Mapping[str, tuple[int, ...]],
) -> Iterator[Expected]:
    yield replace(want, replaced_by=packed)
    yield _part(want, packed, shape)
    for name, companion_shape in companions.items():
        yield _part(want, name, companion_shape, needed_by=packed)


def _part(
    want: Expected, name: str, shape: tuple[int, ...] | None, *, needed_by: str | None = None
) -> Expected:
    return Expected(
        name=name,
        shape=shape,
        formula=f"{want.formula}, quantized",
        count=want.count,
        is_required=needed_by is not None,
        needed_by=needed_by,
    )
