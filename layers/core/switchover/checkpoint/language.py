"""The tensors of a language model: dense, or with a mixture of experts.

Names and shapes follow the modules of Hugging Face transformers (modeling_llama, modeling_mixtral,
modeling_qwen2_moe, modeling_qwen3_moe and their peers) and, for InternLM2, of the code published
with its weights (huggingface.co/internlm/internlm2-chat-7b, modeling_internlm2.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from switchover.checkpoint.decoder import TextConfig, expect_ends, expect_gated, head_rows
from switchover.checkpoint.experts import feed_mixtral, feed_qwen2_moe, feed_qwen3_moe
from switchover.checkpoint.shapes import (
    Expected,
    expect_linear,
    expect_norm,
    prefix_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from switchover.checkpoint.text import Json


@dataclass(frozen=True, slots=True)
class Language:
    """The particular parts of one language model.

    `defaults` are the sizes of transformers' config class, for sizes that config.json leaves out.
    `feed` returns the tensors of a layer's feed-forward part, by default one gated MLP.
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
    queries, keys = head_rows(text)
    yield from expect_ends(text, "model.embed_tokens", "lm_head")
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
        yield from expect_gated("model.layers.{n}.mlp", text, inner)


def _expect_internlm2(text: TextConfig) -> Iterator[Expected]:
    """InternLM2 keeps queries, keys and values in one tensor, and has other names for the rest."""
    layers, hidden = text.num_hidden_layers, text.hidden
    queries, keys = head_rows(text)
    together = (
        queries[0] + 2 * keys[0],
        "(num_attention_heads + 2 × num_key_value_heads) × head_dim",
    )
    layer = "model.layers.{n}"
    yield from expect_ends(text, "model.tok_embeddings", "output")
    for name in ("attention_norm", "ffn_norm"):
        yield from expect_norm(f"{layer}.{name}", hidden, count=layers, has_bias=False)
    yield from expect_linear(
        f"{layer}.attention.wqkv", together, hidden, count=layers, has_bias=False
    )
    yield from expect_linear(f"{layer}.attention.wo", hidden, queries, count=layers, has_bias=False)
    yield from expect_gated(
        f"{layer}.feed_forward",
        text,
        (text.intermediate_size, "intermediate_size"),
        ("w1", "w3", "w2"),
    )


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
MIXTRAL = Language(feed=feed_mixtral)
QWEN2_MOE = Language(has_qkv_bias=True, feed=feed_qwen2_moe)
QWEN3_MOE = Language(has_qk_norm=True, feed=feed_qwen3_moe)
INTERNLM2 = Language(expect=_expect_internlm2)
