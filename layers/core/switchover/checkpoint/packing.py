"""The tensors that replace a linear layer's weight in each quantization format.

Names and shapes follow the libraries that write such checkpoints: GPTQ (AutoGPTQ/GPTQModel,
QuantLinear), AWQ (AutoAWQ, WQLinear_GEMM), FP8 in blocks (transformers, FP8Linear),
compressed-tensors (compressors/quantized_compressors), ModelOpt (export/unified_export_hf) and
bitsandbytes (nn.Linear4bit, functional.QuantState; nn.Linear8bitLt).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import AliasChoices, Field

from switchover.checkpoint.shapes import Expected, Size, Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Replace = Callable[[Expected, tuple[int, int]], Iterator[Expected]]

_WORD_BITS = 32

Bits = Annotated[int, Field(ge=2, le=8)]
Group = Annotated[int, Field(ge=-1, lt=2**31)]


class PackedConfig(Sizes):
    """GPTQ's and AWQ's names for the same two numbers; a group of -1 is a whole row."""

    bits: Annotated[Bits, Field(validation_alias=AliasChoices("bits", "w_bit"))] = 4
    group_size: Annotated[
        Group, Field(validation_alias=AliasChoices("group_size", "q_group_size"))
    ] = 128

    def count_groups(self, columns: int) -> int:
        """The number of scales in a row."""
        return -(-columns // self.group_size) if self.group_size > 0 else 1


class GroupWeights(Sizes):
    """The weight quantization of compressed-tensors' only group; without a size, one scale per row."""

    num_bits: Bits = 4
    group_size: Group | None = None
    strategy: str | None = None

    def count_scales(self, columns: int) -> int | None:
        """The number of scales in a row; None if scales aren't per row."""
        if self.strategy not in {None, "group", "channel", "tensor_group"}:
            return None
        if self.strategy == "channel" or self.group_size is None or self.group_size <= 0:
            return 1
        return -(-columns // self.group_size)


class BlockConfig(Sizes):
    """The height and width of a block that shares one scale."""

    weight_block_size: tuple[Size, Size] = Field(strict=False)


def keep(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
    """FP8 keeps names and shapes. It has one scale in all, or one per row."""
    del size
    yield want


def pack_by_gptq(config: PackedConfig) -> Replace:
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


def pack_by_awq(config: PackedConfig) -> Replace:
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


def pack_by_rows(config: GroupWeights) -> Replace:
    def replace_weight(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
        rows, columns = size
        scales = config.count_scales(columns)
        yield from _pack(
            want,
            f"{want.name}_packed",
            (rows, -(-columns * config.num_bits // _WORD_BITS)),
            {
                f"{want.name}_scale": None if scales is None else (rows, scales),
                f"{want.name}_shape": (2,),
            },
        )

    return replace_weight


def pack_in_bytes(packed: str, scale: str, group: int) -> Replace:
    """Two 4-bit floats in a byte, and a scale for each group of a row."""

    def replace_weight(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
        rows, columns = size
        base = want.name.removesuffix(".weight")
        yield from _pack(
            want,
            f"{base}.{packed}",
            (rows, -(-columns // 2)),
            {f"{base}.{scale}": (rows, -(-columns // group))},
        )

    return replace_weight


def halve(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
    """ModelOpt keeps the name `weight` for two 4-bit floats in a byte."""
    yield replace(want, packed_shape=(size[0], -(-size[1] // 2)))


def scale_in_blocks(config: BlockConfig) -> Replace:
    def add_scale(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
        high, wide = config.weight_block_size
        yield want
        yield _part(want, f"{want.name}_scale_inv", (-(-size[0] // high), -(-size[1] // wide)))

    return add_scale


def pack_in_halves(bytes_per_value: int) -> Replace:
    """bitsandbytes, 4 bit: two values in a byte under the same name; other tensors hold the scales.

    Bytes may be stored as wider numbers (`bnb_4bit_quant_storage`). The number of scales is only in
    the content of quant_state.
    """

    def replace_weight(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
        halves = -(-size[0] * size[1] // 2)
        yield replace(want, packed_shape=(-(-halves // bytes_per_value), 1))
        yield _part(want, f"{want.name}.absmax", None, needed_by=f"{want.name}.quant_map")
        yield _part(want, f"{want.name}.quant_map", (16,), needed_by=f"{want.name}.absmax")

    return replace_weight


def scale_by_row(want: Expected, size: tuple[int, int]) -> Iterator[Expected]:
    yield want
    yield _part(want, f"{want.name.removesuffix('.weight')}.SCB", (size[0],))


def _pack(
    want: Expected,
    packed: str,
    shape: tuple[int, int],
    companions: Mapping[str, tuple[int, ...] | None],
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
