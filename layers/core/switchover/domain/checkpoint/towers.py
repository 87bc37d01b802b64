"""Which tensors the vision tower of each family has, and what joins it to the language model.

Names and shapes follow Hugging Face transformers (modeling_qwen2_vl, modeling_qwen2_5_vl,
modeling_clip, modeling_siglip, modeling_llava, modeling_llava_next, modeling_llava_onevision,
modeling_internvl) and OpenGVLab/InternVL (modeling_intern_vit, modeling_internvl_chat). A nested
config is saved without what equals its default: the defaults here are those of the config classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from switchover.domain.checkpoint.shapes import (
    Expected,
    Layers,
    Side,
    Size,
    Sizes,
    expect_linear,
    expect_norm,
    prefix_names,
)
from switchover.domain.checkpoint.text import Json, object_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Ratio = Annotated[float, Field(gt=0, lt=1024, strict=False)]


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


class ImageVision(Sizes):
    """A tower with one position per patch of a square image; the defaults are LLaVA's CLIP."""

    hidden_size: Size = 1024
    intermediate_size: Size = 4096
    num_hidden_layers: Layers = 24
    image_size: Side = 336
    patch_size: Side = 14

    @property
    def width(self) -> tuple[int, str]:
        """The tower's width, with its name."""
        return self.hidden_size, "vision_config.hidden_size"

    @property
    def inner(self) -> tuple[int, str]:
        """The width inside each MLP, with its name."""
        return self.intermediate_size, "vision_config.intermediate_size"

    @property
    def patches(self) -> tuple[int, str]:
        """How many patches an image has, with the formula."""
        side = self.image_size // self.patch_size
        return side * side, "(vision_config.image_size ÷ patch_size)²"

    def expect_patch(self, name: str, *, has_bias: bool) -> Iterator[Expected]:
        """The convolution that turns patches into vectors."""
        patch = (self.patch_size, self.patch_size)
        yield Expected(
            f"{name}.weight", (self.hidden_size, 3, *patch), f"{self.width[1]}, 3, patch_size²"
        )
        if has_bias:
            yield Expected(f"{name}.bias", (self.hidden_size,), self.width[1])


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
    """How many patches become one on the way into the language model."""

    downsample_ratio: Ratio = 0.5


def expect_qwen2_vision(config: Mapping[str, Json], hidden: tuple[int, str]) -> Iterator[Expected]:
    """Qwen2-VL's tower; what it gives out is said by its own config, not by `hidden`."""
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
    """Qwen2.5-VL's tower; what it gives out is said by its own config, not by `hidden`."""
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
    patch = (vision.temporal_patch_size, vision.patch_size, vision.patch_size)
    yield Expected(
        "visual.patch_embed.proj.weight",
        (width[0], vision.channels, *patch),
        f"{width[1]}, in_channels, temporal_patch_size, patch_size, patch_size",
    )
    block, depth = "visual.blocks.{n}", vision.depth
    for name in ("norm1", "norm2"):
        yield from expect_norm(f"{block}.{name}", width, count=depth, has_bias=has_norm_bias)
    together = (3 * width[0], f"3 × {width[1]}")
    yield from expect_linear(f"{block}.attn.qkv", together, width, count=depth)
    yield from expect_linear(f"{block}.attn.proj", width, width, count=depth)
    merged = (width[0] * vision.spatial_merge_size**2, f"{width[1]} × spatial_merge_size²")
    yield from expect_norm("visual.merger.ln_q", width, has_bias=has_norm_bias)
    yield from expect_linear("visual.merger.mlp.0", merged, merged)
    yield from expect_linear("visual.merger.mlp.2", out, merged)


def _with_channels(config: Mapping[str, Json]) -> dict[str, Json]:
    """Published Qwen-VL configs say `in_chans`, later ones `in_channels`."""
    return {**({"in_channels": config["in_chans"]} if "in_chans" in config else {}), **config}


_SIGLIP: Mapping[str, Json] = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "image_size": 224,
    "patch_size": 16,
}


def expect_llava_vision(config: Mapping[str, Json], hidden: tuple[int, str]) -> Iterator[Expected]:
    """LLaVA's CLIP or SigLIP tower, and the two layers that project it to the language model."""
    nested = object_at(config, "vision_config")
    is_siglip = text_at(nested, "model_type") == "siglip_vision_model"
    vision = ImageVision.model_validate({**(_SIGLIP if is_siglip else {}), **nested})
    yield from prefix_names(
        "vision_tower.vision_model.",
        _expect_clip(vision, is_siglip=is_siglip),
    )
    yield from expect_linear("multi_modal_projector.linear_1", hidden, vision.width)
    yield from expect_linear("multi_modal_projector.linear_2", hidden, hidden)


def expect_llava_next_vision(
    config: Mapping[str, Json], hidden: tuple[int, str]
) -> Iterator[Expected]:
    """LLaVA-NeXT marks the end of each row of tiles with a vector of its own."""
    yield from expect_llava_vision(config, hidden)
    yield Expected("image_newline", (hidden[0],), hidden[1])


def _expect_clip(vision: ImageVision, *, is_siglip: bool) -> Iterator[Expected]:
    width, inner, count = vision.width, vision.inner, vision.num_hidden_layers
    patches, by_patches = vision.patches
    yield from vision.expect_patch("embeddings.patch_embedding", has_bias=is_siglip)
    if not is_siglip:
        yield Expected("embeddings.class_embedding", (width[0],), width[1])
        # The misspelling is the published tensors' own.
        yield from expect_norm("pre_layrnorm", width)
        patches, by_patches = patches + 1, f"{by_patches} + 1"
    yield Expected(
        "embeddings.position_embedding.weight", (patches, width[0]), f"{by_patches}, {width[1]}"
    )
    layer = "encoder.layers.{n}"
    for name in ("layer_norm1", "layer_norm2"):
        yield from expect_norm(f"{layer}.{name}", width, count=count)
    for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
        yield from expect_linear(f"{layer}.self_attn.{name}", width, width, count=count)
    yield from expect_linear(f"{layer}.mlp.fc1", inner, width, count=count)
    yield from expect_linear(f"{layer}.mlp.fc2", width, inner, count=count)
    yield from expect_norm("post_layernorm", width)


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
