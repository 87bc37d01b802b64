"""Which tensors an architecture has, of which shape, as its config.json says.

A new architecture is one more row of `ARCHITECTURES`. Names and shapes follow the modules of
Hugging Face transformers (modeling_llama, modeling_qwen2_vl, modeling_qwen2_5_vl and their peers).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from switchover.domain.checkpoint_text import Json, object_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Size = Annotated[int, Field(ge=1, lt=2**31)]
Layers = Annotated[int, Field(ge=1, le=10_000)]


@dataclass(frozen=True, slots=True)
class Expected:
    """One tensor of an architecture; `{n}` in its name runs from 0 to `count` - 1.

    `formula` says in words of config.json where the shape comes from. A linear tensor is one that
    quantization replaces by others.
    """

    name: str
    shape: tuple[int, ...]
    formula: str
    count: int = 1
    is_linear: bool = False
    is_required: bool = True


class TextConfig(BaseModel):
    """The language model's sizes in config.json."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    hidden_size: Size
    intermediate_size: Size
    num_hidden_layers: Layers
    num_attention_heads: Size
    num_key_value_heads: Size | None = None
    head_dim: Size | None = None
    vocab_size: Size
    tie_word_embeddings: bool | None = None

    @model_validator(mode="after")
    def _heads_fit(self) -> TextConfig:
        if self.head_dim is None and self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size} is no multiple of "
                f"num_attention_heads {self.num_attention_heads}"
            )
        if self.num_attention_heads % self.key_value_heads:
            raise ValueError(
                f"num_attention_heads {self.num_attention_heads} is no multiple of "
                f"num_key_value_heads {self.key_value_heads}"
            )
        return self

    @property
    def key_value_heads(self) -> int:
        """Heads that keys and values have: as many as queries where not said."""
        return self.num_key_value_heads or self.num_attention_heads


class VisionConfig(BaseModel):
    """The vision tower's sizes that both generations of Qwen-VL have.

    A nested config is saved without what equals its default: the defaults are transformers' own.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, populate_by_name=True)

    depth: Layers = 32
    patch_size: Size = 14
    temporal_patch_size: Size = 2
    spatial_merge_size: Size = 2
    channels: Annotated[Size, Field(alias="in_channels")] = 3


class Qwen2Vision(VisionConfig):
    """Qwen2-VL: `embed_dim` is the tower's width, `hidden_size` that of the language model."""

    embed_dim: Size = 1280
    hidden_size: Size = 3584
    mlp_ratio: Annotated[float, Field(gt=0, lt=1024, strict=False)] = 4


class Qwen25Vision(VisionConfig):
    """Qwen2.5-VL: `hidden_size` is the tower's width, `out_hidden_size` the language model's."""

    hidden_size: Size = 3584
    intermediate_size: Size = 3420
    out_hidden_size: Size = 3584


@dataclass(frozen=True, slots=True)
class Architecture:
    """What `expect_tensors` needs to know of one architecture.

    `defaults` stand for sizes that config.json leaves out, as transformers' config class has them.
    """

    has_qkv_bias: bool = False
    has_qk_norm: bool = False
    defaults: Mapping[str, int] = field(default_factory=dict)
    vision: Callable[[Mapping[str, Json]], Iterator[Expected]] | None = None


def find_text_config(config: Mapping[str, Json]) -> dict[str, Json]:
    """The language model's part of config.json, in the old flat layout or the newer nested one."""
    return {**config, **object_at(config, "text_config")}


def expect_tensors(architecture: Architecture, config: Mapping[str, Json]) -> tuple[Expected, ...]:
    """Every tensor that a checkpoint with this config must hold.

    Raises:
        ValidationError: config.json lacks a size or has an impossible one.
    """
    text = TextConfig.model_validate({**architecture.defaults, **find_text_config(config)})
    tensors = list(_expect_text(text, architecture))
    if architecture.vision is not None:
        tensors += architecture.vision(object_at(config, "vision_config"))
    return tuple(tensors)


def _expect_text(text: TextConfig, architecture: Architecture) -> Iterator[Expected]:
    hidden, inner, layers = text.hidden_size, text.intermediate_size, text.num_hidden_layers
    head = text.head_dim or hidden // text.num_attention_heads
    queries, keys = text.num_attention_heads * head, text.key_value_heads * head
    by_query, by_key = "num_attention_heads × head_dim", "num_key_value_heads × head_dim"

    yield Expected(
        "model.embed_tokens.weight", (text.vocab_size, hidden), "vocab_size, hidden_size"
    )
    yield Expected("model.norm.weight", (hidden,), "hidden_size")
    yield Expected(
        "lm_head.weight",
        (text.vocab_size, hidden),
        "vocab_size, hidden_size",
        is_linear=True,
        # Tied weights are saved once; what an absent key means differs between versions.
        is_required=text.tie_word_embeddings is False,
    )

    def layer(name: str, shape: tuple[int, ...], formula: str, *, linear: bool = False) -> Expected:
        return Expected(f"model.layers.{{n}}.{name}", shape, formula, layers, is_linear=linear)

    for name in ("input_layernorm.weight", "post_attention_layernorm.weight"):
        yield layer(name, (hidden,), "hidden_size")
    for name, rows, formula in (("q", queries, by_query), ("k", keys, by_key), ("v", keys, by_key)):
        projection = f"self_attn.{name}_proj"
        yield layer(f"{projection}.weight", (rows, hidden), f"{formula}, hidden_size", linear=True)
        if architecture.has_qkv_bias:
            yield layer(f"{projection}.bias", (rows,), formula)
    yield layer(
        "self_attn.o_proj.weight", (hidden, queries), f"hidden_size, {by_query}", linear=True
    )
    if architecture.has_qk_norm:
        for name in ("self_attn.q_norm.weight", "self_attn.k_norm.weight"):
            yield layer(name, (head,), "head_dim")
    for name in ("mlp.gate_proj.weight", "mlp.up_proj.weight"):
        yield layer(name, (inner, hidden), "intermediate_size, hidden_size", linear=True)
    yield layer(
        "mlp.down_proj.weight", (hidden, inner), "hidden_size, intermediate_size", linear=True
    )


def _expect_tower(
    vision: VisionConfig, width: int, width_field: str, out: int, out_field: str
) -> Iterator[Expected]:
    """The tensors that the vision towers of both Qwen-VL generations share."""
    patch = (vision.temporal_patch_size, vision.patch_size, vision.patch_size)
    yield Expected(
        "visual.patch_embed.proj.weight",
        (width, vision.channels, *patch),
        f"{width_field}, in_channels, temporal_patch_size, patch_size, patch_size",
    )
    for name, shape, formula, linear in (
        ("norm1.weight", (width,), width_field, False),
        ("norm2.weight", (width,), width_field, False),
        ("attn.qkv.weight", (3 * width, width), f"3 × {width_field}, {width_field}", True),
        ("attn.qkv.bias", (3 * width,), f"3 × {width_field}", False),
        ("attn.proj.weight", (width, width), f"{width_field}, {width_field}", True),
        ("attn.proj.bias", (width,), width_field, False),
    ):
        yield _block(vision, name, shape, formula, linear=linear)
    merged = width * vision.spatial_merge_size**2
    by_merged = f"{width_field} × spatial_merge_size²"
    yield Expected("visual.merger.ln_q.weight", (width,), width_field)
    yield Expected(
        "visual.merger.mlp.0.weight", (merged, merged), f"{by_merged}, {by_merged}", is_linear=True
    )
    yield Expected("visual.merger.mlp.0.bias", (merged,), by_merged)
    yield Expected(
        "visual.merger.mlp.2.weight", (out, merged), f"{out_field}, {by_merged}", is_linear=True
    )
    yield Expected("visual.merger.mlp.2.bias", (out,), out_field)


def _block(
    vision: VisionConfig, name: str, shape: tuple[int, ...], formula: str, *, linear: bool
) -> Expected:
    return Expected(f"visual.blocks.{{n}}.{name}", shape, formula, vision.depth, is_linear=linear)


def _expect_qwen2_vision(config: Mapping[str, Json]) -> Iterator[Expected]:
    vision = Qwen2Vision.model_validate(_with_channels(config))
    width, inner = vision.embed_dim, int(vision.embed_dim * vision.mlp_ratio)
    by_width, by_inner = "vision_config.embed_dim", "vision_config.embed_dim × mlp_ratio"
    yield from _expect_tower(
        vision, width, by_width, vision.hidden_size, "vision_config.hidden_size"
    )
    for name, shape, formula, linear in (
        ("norm1.bias", (width,), by_width, False),
        ("norm2.bias", (width,), by_width, False),
        ("mlp.fc1.weight", (inner, width), f"{by_inner}, {by_width}", True),
        ("mlp.fc1.bias", (inner,), by_inner, False),
        ("mlp.fc2.weight", (width, inner), f"{by_width}, {by_inner}", True),
        ("mlp.fc2.bias", (width,), by_width, False),
    ):
        yield _block(vision, name, shape, formula, linear=linear)
    yield Expected("visual.merger.ln_q.bias", (width,), by_width)


def _expect_qwen25_vision(config: Mapping[str, Json]) -> Iterator[Expected]:
    vision = Qwen25Vision.model_validate(_with_channels(config))
    width, inner = vision.hidden_size, vision.intermediate_size
    by_width, by_inner = "vision_config.hidden_size", "vision_config.intermediate_size"
    yield from _expect_tower(
        vision, width, by_width, vision.out_hidden_size, "vision_config.out_hidden_size"
    )
    for name in ("gate_proj", "up_proj"):
        yield _block(
            vision, f"mlp.{name}.weight", (inner, width), f"{by_inner}, {by_width}", linear=True
        )
        yield _block(vision, f"mlp.{name}.bias", (inner,), by_inner, linear=False)
    yield _block(
        vision, "mlp.down_proj.weight", (width, inner), f"{by_width}, {by_inner}", linear=True
    )
    yield _block(vision, "mlp.down_proj.bias", (width,), by_width, linear=False)


def _with_channels(config: Mapping[str, Json]) -> dict[str, Json]:
    """Published Qwen-VL configs say `in_chans`, later ones `in_channels`."""
    return {**({"in_channels": config["in_chans"]} if "in_chans" in config else {}), **config}


_QWEN_VL_TEXT_DEFAULTS: Mapping[str, int] = {
    "vocab_size": 152064,
    "hidden_size": 8192,
    "intermediate_size": 29568,
    "num_hidden_layers": 80,
    "num_attention_heads": 64,
    "num_key_value_heads": 8,
}

ARCHITECTURES: Mapping[str, Architecture] = {
    "LlamaForCausalLM": Architecture(),
    "MistralForCausalLM": Architecture(),
    "Qwen2ForCausalLM": Architecture(has_qkv_bias=True),
    "Qwen3ForCausalLM": Architecture(has_qk_norm=True, defaults={"head_dim": 128}),
    "Qwen2VLForConditionalGeneration": Architecture(has_qkv_bias=True, vision=_expect_qwen2_vision),
    "Qwen2_5_VLForConditionalGeneration": Architecture(
        has_qkv_bias=True, defaults=_QWEN_VL_TEXT_DEFAULTS, vision=_expect_qwen25_vision
    ),
}
