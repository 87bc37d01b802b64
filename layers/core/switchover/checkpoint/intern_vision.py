"""The tensors of InternVL's vision tower, in OpenGVLab's names and in transformers' names.

Names and shapes follow Hugging Face transformers (modeling_internvl) and OpenGVLab/InternVL
(modeling_intern_vit, modeling_internvl_chat).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from switchover.checkpoint.shapes import (
    Expected,
    Ratio,
    Side,
    Sizes,
    expect_linear,
    expect_norm,
    prefix_names,
)
from switchover.checkpoint.text import Json, object_at
from switchover.checkpoint.towers import ImageVision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class InternVision(ImageVision):
    """InternViT, by the names of both its configs; 448 pixels, and four patches become one."""

    image_size: Side = 448
    has_qkv_bias: Annotated[bool, Field(alias="qkv_bias")] = True
    has_attention_bias: Annotated[bool, Field(alias="attention_bias")] = False
    has_qk_norm: Annotated[bool, Field(alias="qk_normalization")] = False
    has_split_qk_norm: Annotated[bool, Field(alias="use_qk_norm")] = False
    has_positions: Annotated[bool, Field(alias="use_absolute_position_embeddings")] = True
    norm_type: str = "rms_norm"


class Joint(Sizes):
    """The number of patches that are joined to one before the language model."""

    downsample_ratio: Ratio = 0.5


def expect_internvl_chat_vision(
    config: Mapping[str, Json], hidden: tuple[int, str]
) -> Iterator[Expected]:
    """InternVL as OpenGVLab publishes it: InternViT and an MLP named mlp1."""
    vision = InternVision.model_validate(object_at(config, "vision_config"))
    width, count = vision.width, vision.num_hidden_layers
    yield from prefix_names("vision_model.", _expect_intern_vit(vision, width, count))
    yield from _expect_joint(("mlp1.0", "mlp1.1", "mlp1.3"), config, width, hidden)


def _expect_intern_vit(
    vision: InternVision, width: tuple[int, str], count: int
) -> Iterator[Expected]:
    patches, by_patches = vision.patches
    yield Expected("embeddings.class_embedding", (1, 1, width[0]), f"1, 1, {width[1]}")
    yield from vision.expect_patch("embeddings.patch_embedding", has_bias=True)
    yield Expected(
        "embeddings.position_embedding",
        (1, patches + 1, width[0]),
        f"1, {by_patches} + 1, {width[1]}",
    )
    layer = "encoder.layers.{n}"
    for name in ("ls1", "ls2"):
        yield Expected(f"{layer}.{name}", (width[0],), width[1], count)
    for name in ("norm1", "norm2"):
        yield from expect_norm(
            f"{layer}.{name}", width, count=count, has_bias=vision.norm_type == "layer_norm"
        )
    together = (3 * width[0], f"3 × {width[1]}")
    yield from expect_linear(
        f"{layer}.attn.qkv", together, width, count=count, has_bias=vision.has_qkv_bias
    )
    yield from expect_linear(f"{layer}.attn.proj", width, width, count=count)
    if vision.has_qk_norm:
        for name in ("q_norm", "k_norm"):
            yield from expect_norm(f"{layer}.attn.{name}", width, count=count, has_bias=False)
    yield from expect_linear(f"{layer}.mlp.fc1", vision.inner, width, count=count)
    yield from expect_linear(f"{layer}.mlp.fc2", width, vision.inner, count=count)


def expect_internvl_vision(
    config: Mapping[str, Json], hidden: tuple[int, str]
) -> Iterator[Expected]:
    """InternVL as transformers names it."""
    vision = InternVision.model_validate(
        {"norm_type": "layer_norm", **object_at(config, "vision_config")}
    )
    width, count = vision.width, vision.num_hidden_layers
    yield from prefix_names("vision_tower.", _expect_split_vit(vision, width, count))
    joint = tuple(
        f"multi_modal_projector.{name}" for name in ("layer_norm", "linear_1", "linear_2")
    )
    yield from _expect_joint((joint[0], joint[1], joint[2]), config, width, hidden)


def _expect_split_vit(
    vision: InternVision, width: tuple[int, str], count: int
) -> Iterator[Expected]:
    patches, by_patches = vision.patches
    yield Expected("embeddings.cls_token", (1, 1, width[0]), f"1, 1, {width[1]}")
    yield from vision.expect_patch("embeddings.patch_embeddings.projection", has_bias=True)
    yield Expected(
        "embeddings.position_embeddings",
        (1, patches + 1, width[0]),
        f"1, {by_patches} + 1, {width[1]}",
        is_required=vision.has_positions,
    )
    layer = "encoder.layer.{n}"
    for name in ("lambda_1", "lambda_2"):
        yield Expected(f"{layer}.{name}", (width[0],), width[1], count)
    for name in ("layernorm_before", "layernorm_after"):
        yield from expect_norm(
            f"{layer}.{name}", width, count=count, has_bias=vision.norm_type == "layer_norm"
        )
    for name in ("q_proj", "k_proj", "v_proj"):
        yield from expect_linear(
            f"{layer}.attention.{name}",
            width,
            width,
            count=count,
            has_bias=vision.has_attention_bias,
        )
    yield from expect_linear(f"{layer}.attention.projection_layer", width, width, count=count)
    if vision.has_split_qk_norm:
        for name in ("q_norm", "k_norm"):
            yield from expect_norm(f"{layer}.attention.{name}", width, count=count, has_bias=False)
    yield from expect_linear(f"{layer}.mlp.fc1", vision.inner, width, count=count)
    yield from expect_linear(f"{layer}.mlp.fc2", width, vision.inner, count=count)


def _expect_joint(
    names: tuple[str, str, str],
    config: Mapping[str, Json],
    width: tuple[int, str],
    hidden: tuple[int, str],
) -> Iterator[Expected]:
    ratio = Joint.model_validate(
        {key: config[key] for key in ("downsample_ratio",) if key in config}
    ).downsample_ratio
    merged = (round(width[0] / ratio**2), f"{width[1]} ÷ downsample_ratio²")
    yield from expect_norm(names[0], merged)
    yield from expect_linear(names[1], hidden, merged)
    yield from expect_linear(names[2], hidden, hidden)
