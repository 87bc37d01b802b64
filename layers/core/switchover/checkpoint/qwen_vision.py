"""The tensors of Qwen-VL's vision towers, from the second generation to the third.

Names and shapes follow Hugging Face transformers (modeling_qwen2_vl, modeling_qwen2_5_vl,
modeling_qwen3_vl). A nested config is saved without the values that equal its defaults. The defaults
here are those of the config classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from switchover.checkpoint.shapes import (
    Expected,
    Layers,
    Ratio,
    Size,
    Sizes,
    expect_linear,
    expect_norm,
)
from switchover.checkpoint.text import Json, object_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class QwenVision(Sizes):
    """The sizes that both generations of Qwen-VL have."""

    depth: Layers = 32
    patch_size: Size = 14
    temporal_patch_size: Size = 2
    spatial_merge_size: Size = 2
    channels: Annotated[Size, Field(alias="in_channels")] = 3


class Qwen2Vision(QwenVision):
    """Qwen2-VL: `embed_dim` is the tower's width, `hidden_size` that of the language model."""

    embed_dim: Size = 1280
    hidden_size: Size = 3584
    mlp_ratio: Ratio = 4


class Qwen25Vision(QwenVision):
    """Qwen2.5-VL: `hidden_size` is the tower's width, `out_hidden_size` the language model's."""

    hidden_size: Size = 3584
    intermediate_size: Size = 3420
    out_hidden_size: Size = 3584


class Qwen3Vision(QwenVision):
    """Qwen3-VL: positions are learned, and some middle layers are read (deepstack)."""

    depth: Layers = 27
    patch_size: Size = 16
    hidden_size: Size = 1152
    intermediate_size: Size = 4304
    out_hidden_size: Size = 3584
    num_position_embeddings: Size = 2304
    deepstack_visual_indexes: tuple[int, ...] | list[int] = (8, 16, 24)


def expect_qwen2_vision(config: Mapping[str, Json], hidden: tuple[int, str]) -> Iterator[Expected]:
    """Qwen2-VL's tower. Its output width comes from its own config, not from `hidden`."""
    del hidden
    vision = Qwen2Vision.model_validate(_with_channels(object_at(config, "vision_config")))
    width = (vision.embed_dim, "vision_config.embed_dim")
    inner = (int(vision.embed_dim * vision.mlp_ratio), "vision_config.embed_dim × mlp_ratio")
    yield from _expect_qwen(
        vision, width, (vision.hidden_size, "vision_config.hidden_size"), has_norm_bias=True
    )
    block = "visual.blocks.{n}.mlp"
    yield from expect_linear(f"{block}.fc1", inner, width, count=vision.depth)
    yield from expect_linear(f"{block}.fc2", width, inner, count=vision.depth)


def expect_qwen25_vision(config: Mapping[str, Json], hidden: tuple[int, str]) -> Iterator[Expected]:
    """Qwen2.5-VL's tower. Its output width comes from its own config, not from `hidden`."""
    del hidden
    vision = Qwen25Vision.model_validate(_with_channels(object_at(config, "vision_config")))
    width = (vision.hidden_size, "vision_config.hidden_size")
    inner = (vision.intermediate_size, "vision_config.intermediate_size")
    yield from _expect_qwen(
        vision,
        width,
        (vision.out_hidden_size, "vision_config.out_hidden_size"),
        has_norm_bias=False,
    )
    for name in ("gate_proj", "up_proj"):
        yield from expect_linear(
            f"visual.blocks.{{n}}.mlp.{name}", inner, width, count=vision.depth
        )
    yield from expect_linear("visual.blocks.{n}.mlp.down_proj", width, inner, count=vision.depth)


def _expect_qwen(
    vision: QwenVision, width: tuple[int, str], out: tuple[int, str], *, has_norm_bias: bool
) -> Iterator[Expected]:
    yield from _expect_patch(vision, width)
    yield from _expect_attention(vision, width, has_norm_bias=has_norm_bias)
    merged = (width[0] * vision.spatial_merge_size**2, f"{width[1]} × spatial_merge_size²")
    yield from expect_norm("visual.merger.ln_q", width, has_bias=has_norm_bias)
    yield from expect_linear("visual.merger.mlp.0", merged, merged)
    yield from expect_linear("visual.merger.mlp.2", out, merged)


def _expect_patch(vision: QwenVision, width: tuple[int, str]) -> Iterator[Expected]:
    patch = (vision.temporal_patch_size, vision.patch_size, vision.patch_size)
    yield Expected(
        "visual.patch_embed.proj.weight",
        (width[0], vision.channels, *patch),
        f"{width[1]}, in_channels, temporal_patch_size, patch_size, patch_size",
    )


def _expect_attention(
    vision: QwenVision, width: tuple[int, str], *, has_norm_bias: bool
) -> Iterator[Expected]:
    block, depth = "visual.blocks.{n}", vision.depth
    for name in ("norm1", "norm2"):
        yield from expect_norm(f"{block}.{name}", width, count=depth, has_bias=has_norm_bias)
    together = (3 * width[0], f"3 × {width[1]}")
    yield from expect_linear(f"{block}.attn.qkv", together, width, count=depth)
    yield from expect_linear(f"{block}.attn.proj", width, width, count=depth)


def _with_channels(config: Mapping[str, Json]) -> dict[str, Json]:
    """Published Qwen-VL configs say `in_chans`, later ones `in_channels`."""
    return {**({"in_channels": config["in_chans"]} if "in_chans" in config else {}), **config}


def expect_qwen3_vision(config: Mapping[str, Json], hidden: tuple[int, str]) -> Iterator[Expected]:
    """Qwen3-VL's tower, whose middle layers reach the language model through mergers of their own."""
    del hidden
    vision = Qwen3Vision.model_validate(_with_channels(object_at(config, "vision_config")))
    width = (vision.hidden_size, "vision_config.hidden_size")
    inner = (vision.intermediate_size, "vision_config.intermediate_size")
    out = (vision.out_hidden_size, "vision_config.out_hidden_size")
    yield from _expect_patch(vision, width)
    yield Expected("visual.patch_embed.proj.bias", (width[0],), width[1])
    positions = (vision.num_position_embeddings, width[0])
    yield Expected("visual.pos_embed.weight", positions, f"num_position_embeddings, {width[1]}")
    yield from _expect_attention(vision, width, has_norm_bias=True)
    block = "visual.blocks.{n}.mlp"
    yield from expect_linear(f"{block}.linear_fc1", inner, width, count=vision.depth)
    yield from expect_linear(f"{block}.linear_fc2", width, inner, count=vision.depth)
    merged = (width[0] * vision.spatial_merge_size**2, f"{width[1]} × spatial_merge_size²")
    mergers = [f"deepstack_merger_list.{n}" for n in range(len(vision.deepstack_visual_indexes))]
    for name, normed in (("merger", width), *((name, merged) for name in mergers)):
        yield from expect_norm(f"visual.{name}.norm", normed)
        yield from expect_linear(f"visual.{name}.linear_fc1", merged, merged)
        yield from expect_linear(f"visual.{name}.linear_fc2", out, merged)
