"""The tensors of CLIP, SigLIP and Pixtral, and of the projector to the language model.

Names and shapes follow Hugging Face transformers (modeling_clip, modeling_siglip, modeling_pixtral,
modeling_llava, modeling_llava_next, modeling_llava_onevision, modeling_mistral3, modeling_gemma3).
A nested config is saved without the values that equal its defaults. The defaults here are those of
the config classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.checkpoint.shapes import (
    Expected,
    Layers,
    Side,
    Size,
    Sizes,
    expect_linear,
    expect_norm,
    prefix_names,
)
from switchover.checkpoint.text import Json, object_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class ImageVision(Sizes):
    """A tower with one position per patch of a square image; the defaults are LLaVA's CLIP."""

    hidden_size: Size = 1024
    intermediate_size: Size = 4096
    num_hidden_layers: Layers = 24
    num_attention_heads: Size = 16
    head_dim: Size | None = None
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
        """The number of patches in an image, with the formula."""
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


class Merge(Sizes):
    """The number of patches in each direction that are joined to one."""

    spatial_merge_size: Size = 2


_SIGLIP: Mapping[str, Json] = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "image_size": 224,
    "patch_size": 16,
}
_PIXTRAL: Mapping[str, Json] = {"image_size": 1024, "patch_size": 16}


# The towers that can be compared, by vision_config.model_type; LLaVA's default is CLIP.
KNOWN_TOWERS = frozenset({"clip_vision_model", "siglip_vision_model", "pixtral"})


def name_tower(config: Mapping[str, Json]) -> str:
    """The vision tower of a config; CLIP if the config doesn't name one."""
    return text_at(object_at(config, "vision_config"), "model_type") or "clip_vision_model"


def expect_llava_vision(config: Mapping[str, Json], hidden: tuple[int, str]) -> Iterator[Expected]:
    """LLaVA's CLIP, SigLIP or Pixtral tower, and the two layers that project it."""
    vision = read_tower(config)
    yield from prefix_names("vision_tower.", expect_tower(vision, name_tower(config)))
    # The input has as many of the tower's layers side by side as config.json selects
    # (LlavaMultiModalProjector).
    picked = config.get("vision_feature_layer")
    count = len(picked) if isinstance(picked, list) else 1
    width = (vision.hidden_size * count, vision.width[1] + (f" × {count}" if count > 1 else ""))
    has_bias = config.get("multimodal_projector_bias") is not False
    joint = "multi_modal_projector.linear"
    yield from expect_linear(f"{joint}_1", hidden, width, has_bias=has_bias)
    yield from expect_linear(f"{joint}_2", hidden, hidden, has_bias=has_bias)


def read_tower(config: Mapping[str, Json]) -> ImageVision:
    """The tower's sizes, with its own defaults."""
    defaults = {"siglip_vision_model": _SIGLIP, "pixtral": _PIXTRAL}.get(name_tower(config), {})
    return ImageVision.model_validate({**defaults, **object_at(config, "vision_config")})


def expect_tower(vision: ImageVision, kind: str) -> Iterator[Expected]:
    """The tensors of one of the known towers, under the names of newer transformers."""
    if kind == "pixtral":
        yield from _expect_pixtral(vision)
    else:
        yield from _expect_clip(vision, is_siglip=kind == "siglip_vision_model")


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
        # The published tensors have this spelling mistake.
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


def _expect_pixtral(vision: ImageVision) -> Iterator[Expected]:
    width, inner, count = vision.width, vision.inner, vision.num_hidden_layers
    head = vision.head_dim or vision.hidden_size // vision.num_attention_heads
    heads = (vision.num_attention_heads * head, "vision_config.num_attention_heads × head_dim")
    yield from vision.expect_patch("patch_conv", has_bias=False)
    yield from expect_norm("ln_pre", width, has_bias=False)
    layer = "transformer.layers.{n}"
    for name in ("attention_norm", "ffn_norm"):
        yield from expect_norm(f"{layer}.{name}", width, count=count, has_bias=False)
    for name in ("q_proj", "k_proj", "v_proj"):
        yield from expect_linear(
            f"{layer}.attention.{name}", heads, width, count=count, has_bias=False
        )
    yield from expect_linear(f"{layer}.attention.o_proj", width, heads, count=count, has_bias=False)
    for name in ("gate_proj", "up_proj"):
        yield from expect_linear(
            f"{layer}.feed_forward.{name}", inner, width, count=count, has_bias=False
        )
    yield from expect_linear(
        f"{layer}.feed_forward.down_proj", width, inner, count=count, has_bias=False
    )


def expect_mistral3_vision(
    config: Mapping[str, Json], hidden: tuple[int, str]
) -> Iterator[Expected]:
    """Mistral's Pixtral tower, whose patches are merged before they are projected."""
    vision, width = read_tower(config), read_tower(config).width
    merge = Merge.model_validate(config).spatial_merge_size
    yield from prefix_names("vision_tower.", expect_tower(vision, name_tower(config)))
    joint = "multi_modal_projector"
    merged = (width[0] * merge**2, f"{width[1]} × spatial_merge_size²")
    yield from expect_norm(f"{joint}.norm", width, has_bias=False)
    yield from expect_linear(f"{joint}.patch_merger.merging_layer", width, merged, has_bias=False)
    has_bias = config.get("multimodal_projector_bias") is True
    yield from expect_linear(f"{joint}.linear_1", hidden, width, has_bias=has_bias)
    yield from expect_linear(f"{joint}.linear_2", hidden, hidden, has_bias=has_bias)


def expect_gemma3_vision(config: Mapping[str, Json], hidden: tuple[int, str]) -> Iterator[Expected]:
    """Gemma 3's SigLIP tower, and the matrix that projects it."""
    vision = read_tower(config)
    yield from prefix_names("vision_tower.", expect_tower(vision, name_tower(config)))
    joint = "multi_modal_projector"
    yield Expected(
        f"{joint}.mm_input_projection_weight",
        (vision.hidden_size, hidden[0]),
        f"{vision.width[1]}, {hidden[1]}",
    )
    yield Expected(f"{joint}.mm_soft_emb_norm.weight", (vision.hidden_size,), vision.width[1])
