"""The tensors of a language model: dense, or with a mixture of experts.

Names and shapes follow the modules of Hugging Face transformers (modeling_llama, modeling_mixtral,
modeling_qwen2_moe, modeling_qwen3_moe and their peers) and, for InternLM2, of the code published
with its weights (huggingface.co/internlm/internlm2-chat-7b, modeling_internlm2.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from pydantic import AliasChoices, Field, ValidationInfo, field_validator

from switchover.checkpoint.shapes import (
    Expected,
    Layers,
    Size,
    Sizes,
    expect_linear,
    expect_norm,
    prefix_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from switchover.checkpoint.text import Json

Experts = Annotated[int, Field(ge=1, le=1024)]


class TextConfig(Sizes):
    """The language model's sizes in config.json."""

    hidden_size: Size
    intermediate_size: Size
    num_hidden_layers: Layers
    head_dim: Size | None = None
    num_attention_heads: Size
    num_key_value_heads: Size | None = None
    vocab_size: Size
    tie_word_embeddings: bool | None = None

    @field_validator("num_attention_heads")
    @classmethod
    def _divides_width(cls, heads: int, info: ValidationInfo) -> int:
        width = info.data.get("hidden_size")
        if width and info.data.get("head_dim") is None and width % heads:
            raise ValueError(f"hidden_size {width} is no multiple of num_attention_heads {heads}")
        return heads

    @field_validator("num_key_value_heads")
    @classmethod
    def _divides_heads(cls, shared: int | None, info: ValidationInfo) -> int | None:
        heads = info.data.get("num_attention_heads")
        if heads and shared and heads % shared:
            raise ValueError(
                f"num_attention_heads {heads} is no multiple of num_key_value_heads {shared}"
            )
        return shared

    @property
    def key_value_heads(self) -> int:
        """Heads that keys and values have: as many as queries where not said."""
        return self.num_key_value_heads or self.num_attention_heads

    @property
    def head_width(self) -> int:
        """The width of one head."""
        return self.head_dim or self.hidden_size // self.num_attention_heads

    @property
    def hidden(self) -> tuple[int, str]:
        """The model's width, with its name."""
        return self.hidden_size, "hidden_size"


class MixtralConfig(Sizes):
    """Mixtral: every layer has experts as wide as `intermediate_size`."""

    intermediate_size: Size = 14336
    num_local_experts: Experts = 8


class Qwen3MoeConfig(Sizes):
    """Qwen3-MoE; layers listed in `mlp_only_layers`, or skipped by the step, stay dense."""

    moe_intermediate_size: Size = 768
    # transformers 5 writes the second name (Qwen3MoeConfig.attribute_map).
    num_experts: Annotated[
        Experts, Field(validation_alias=AliasChoices("num_experts", "num_local_experts"))
    ] = 128
    decoder_sparse_step: Size = 1
    mlp_only_layers: tuple[int, ...] | list[int] | None = None

    @property
    def has_dense_layers(self) -> bool:
        """Whether only some layers have experts."""
        return self.decoder_sparse_step != 1 or bool(self.mlp_only_layers)


class Qwen2MoeConfig(Qwen3MoeConfig):
    """Qwen2-MoE has an expert more that every token passes."""

    moe_intermediate_size: Size = 1408
    num_experts: Annotated[
        Experts, Field(validation_alias=AliasChoices("num_experts", "num_local_experts"))
    ] = 60
    shared_expert_intermediate_size: Size = 5632


@dataclass(frozen=True, slots=True)
class Language:
    """What is particular to one language model.

    `defaults` stand for sizes that config.json leaves out, as transformers' config class has them.
    `feed` gives the tensors of a layer's feed-forward part, by default one gated MLP.
    """

    has_qkv_bias: bool = False
    has_qk_norm: bool = False
    norms: tuple[str, ...] = ("input_layernorm", "post_attention_layernorm")
    defaults: Mapping[str, int] = field(default_factory=dict)
    feed: Callable[[TextConfig, Mapping[str, Json]], Iterator[Expected]] | None = None
    expect: Callable[[TextConfig], Iterator[Expected]] | None = None


def expect_language(language: Language, config: Mapping[str, Json]) -> Iterator[Expected]:
    """Every tensor of a language model; `config` is its part of config.json."""
    text = TextConfig.model_validate({**language.defaults, **config})
    if language.expect is not None:
        yield from language.expect(text)
        return
    layers, hidden = text.num_hidden_layers, text.hidden
    queries, keys = _head_rows(text)
    yield from _expect_ends(text, "model.embed_tokens", "lm_head")
    for name in language.norms:
        yield from expect_norm(f"model.layers.{{n}}.{name}", hidden, count=layers, has_bias=False)
    for name, rows in (("q", queries), ("k", keys), ("v", keys)):
        yield from expect_linear(
            f"model.layers.{{n}}.self_attn.{name}_proj",
            rows,
            hidden,
            count=layers,
            has_bias=language.has_qkv_bias,
        )
    yield from expect_linear(
        "model.layers.{n}.self_attn.o_proj", hidden, queries, count=layers, has_bias=False
    )
    if language.has_qk_norm:
        for name in ("q_norm", "k_norm"):
            yield from expect_norm(
                f"model.layers.{{n}}.self_attn.{name}",
                (text.head_width, "head_dim"),
                count=layers,
                has_bias=False,
            )
    if language.feed is not None:
        yield from prefix_names("model.layers.{n}.", language.feed(text, config))
    else:
        inner = (text.intermediate_size, "intermediate_size")
        yield from _expect_gated("model.layers.{n}.mlp", text, inner)


def _head_rows(text: TextConfig) -> tuple[tuple[int, str], tuple[int, str]]:
    head = text.head_width
    return (
        (text.num_attention_heads * head, "num_attention_heads × head_dim"),
        (text.key_value_heads * head, "num_key_value_heads × head_dim"),
    )


def _expect_ends(text: TextConfig, embedding: str, head: str) -> Iterator[Expected]:
    shape, formula = (text.vocab_size, text.hidden_size), "vocab_size, hidden_size"
    # torchao, MLX and compressed-tensors (targets: Embedding) quantize this one too.
    yield Expected(f"{embedding}.weight", shape, formula, is_linear=True)
    yield Expected("model.norm.weight", (text.hidden_size,), "hidden_size")
    # Tied weights are saved once; what an absent key means differs between versions.
    is_required = text.tie_word_embeddings is False
    yield Expected(f"{head}.weight", shape, formula, is_linear=True, is_required=is_required)


def _expect_gated(
    name: str,
    text: TextConfig,
    inner: tuple[int, str],
    projections: tuple[str, str, str] = ("gate_proj", "up_proj", "down_proj"),
) -> Iterator[Expected]:
    gate, up, down = projections
    count, hidden = text.num_hidden_layers, text.hidden
    yield from expect_linear(f"{name}.{gate}", inner, hidden, count=count, has_bias=False)
    yield from expect_linear(f"{name}.{up}", inner, hidden, count=count, has_bias=False)
    yield from expect_linear(f"{name}.{down}", hidden, inner, count=count, has_bias=False)


def _feed_mixtral(text: TextConfig, config: Mapping[str, Json]) -> Iterator[Expected]:
    experts = MixtralConfig.model_validate(config)
    inner = (experts.intermediate_size, "intermediate_size")
    yield from _expect_router("block_sparse_moe.gate", text, experts.num_local_experts)
    for number in range(experts.num_local_experts):
        yield from _expect_gated(
            f"block_sparse_moe.experts.{number}", text, inner, ("w1", "w3", "w2")
        )


def _feed_qwen3_moe(text: TextConfig, config: Mapping[str, Json]) -> Iterator[Expected]:
    experts = Qwen3MoeConfig.model_validate(config)
    if not experts.has_dense_layers:
        yield from _expect_experts(text, experts)


def _feed_qwen2_moe(text: TextConfig, config: Mapping[str, Json]) -> Iterator[Expected]:
    experts = Qwen2MoeConfig.model_validate(config)
    if experts.has_dense_layers:
        return
    yield from _expect_experts(text, experts)
    shared = (experts.shared_expert_intermediate_size, "shared_expert_intermediate_size")
    yield from _expect_gated("mlp.shared_expert", text, shared)
    yield from expect_linear(
        "mlp.shared_expert_gate",
        (1, "1"),
        text.hidden,
        count=text.num_hidden_layers,
        has_bias=False,
    )


def _expect_experts(text: TextConfig, experts: Qwen3MoeConfig) -> Iterator[Expected]:
    inner = (experts.moe_intermediate_size, "moe_intermediate_size")
    yield from _expect_router("mlp.gate", text, experts.num_experts)
    for number in range(experts.num_experts):
        yield from _expect_gated(f"mlp.experts.{number}", text, inner)


def _expect_router(name: str, text: TextConfig, experts: int) -> Iterator[Expected]:
    return expect_linear(
        name,
        (experts, "number of experts"),
        text.hidden,
        count=text.num_hidden_layers,
        has_bias=False,
    )


def _expect_internlm2(text: TextConfig) -> Iterator[Expected]:
    """InternLM2 keeps queries, keys and values in one tensor, and names the rest otherwise."""
    layers, hidden = text.num_hidden_layers, text.hidden
    queries, keys = _head_rows(text)
    together = (
        queries[0] + 2 * keys[0],
        "(num_attention_heads + 2 × num_key_value_heads) × head_dim",
    )
    layer = "model.layers.{n}"
    yield from _expect_ends(text, "model.tok_embeddings", "output")
    for name in ("attention_norm", "ffn_norm"):
        yield from expect_norm(f"{layer}.{name}", hidden, count=layers, has_bias=False)
    yield from expect_linear(
        f"{layer}.attention.wqkv", together, hidden, count=layers, has_bias=False
    )
    yield from expect_linear(f"{layer}.attention.wo", hidden, queries, count=layers, has_bias=False)
    yield from _expect_gated(
        f"{layer}.feed_forward",
        text,
        (text.intermediate_size, "intermediate_size"),
        ("w1", "w3", "w2"),
    )


def has_dense_layers(config: Mapping[str, Json]) -> bool:
    """Whether a mixture of experts leaves some layers dense, so that none is compared."""
    keys = {"decoder_sparse_step", "mlp_only_layers"} & config.keys()
    return Qwen3MoeConfig.model_validate({key: config[key] for key in keys}).has_dense_layers


LLAMA = Language()
MISTRAL = Language()
QWEN2 = Language(has_qkv_bias=True)
QWEN3 = Language(has_qk_norm=True, defaults={"head_dim": 128})
GEMMA3 = Language(
    has_qk_norm=True,
    norms=(
        "input_layernorm",
        "post_attention_layernorm",
        "pre_feedforward_layernorm",
        "post_feedforward_layernorm",
    ),
    # Gemma3TextConfig: published VLMs leave out some of these.
    defaults={
        "vocab_size": 262208,
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
    },
)
MIXTRAL = Language(feed=_feed_mixtral)
QWEN2_MOE = Language(has_qkv_bias=True, feed=_feed_qwen2_moe)
QWEN3_MOE = Language(has_qk_norm=True, feed=_feed_qwen3_moe)
INTERNLM2 = Language(expect=_expect_internlm2)
