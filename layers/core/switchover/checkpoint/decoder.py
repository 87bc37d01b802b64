"""The common parts of language models: sizes, heads, embedding and head, the gated MLP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationInfo, field_validator

from switchover.checkpoint.shapes import (
    Expected,
    Layers,
    Size,
    Sizes,
    expect_linear,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


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
            raise ValueError(
                f"hidden_size {width} is not a multiple of num_attention_heads {heads}"
            )
        return heads

    @field_validator("num_key_value_heads")
    @classmethod
    def _divides_heads(cls, shared: int | None, info: ValidationInfo) -> int | None:
        heads = info.data.get("num_attention_heads")
        if heads and shared and heads % shared:
            raise ValueError(
                f"num_attention_heads {heads} is not a multiple of num_key_value_heads {shared}"
            )
        return shared

    @property
    def key_value_heads(self) -> int:
        """The number of heads of keys and values; by default the number of query heads."""
        return self.num_key_value_heads or self.num_attention_heads

    @property
    def head_width(self) -> int:
        """The width of one head."""
        return self.head_dim or self.hidden_size // self.num_attention_heads

    @property
    def hidden(self) -> tuple[int, str]:
        """The model's width, with its name."""
        return self.hidden_size, "hidden_size"


def head_rows(text: TextConfig) -> tuple[tuple[int, str], tuple[int, str]]:
    """The rows of the queries, and of the keys and values, each with its formula."""
    head = text.head_width
    return (
        (text.num_attention_heads * head, "num_attention_heads × head_dim"),
        (text.key_value_heads * head, "num_key_value_heads × head_dim"),
    )


def expect_ends(text: TextConfig, embedding: str, head: str) -> Iterator[Expected]:
    """The embedding, the last norm and the head."""
    shape, formula = (text.vocab_size, text.hidden_size), "vocab_size, hidden_size"
    # torchao, MLX and compressed-tensors (targets: Embedding) quantize the embedding too.
    yield Expected(f"{embedding}.weight", shape, formula, is_linear=True)
    yield Expected("model.norm.weight", (text.hidden_size,), "hidden_size")
    # Tied weights are saved once. The meaning of an absent key differs between versions.
    is_required = text.tie_word_embeddings is False
    yield Expected(f"{head}.weight", shape, formula, is_linear=True, is_required=is_required)


def expect_gated(
    name: str,
    text: TextConfig,
    inner: tuple[int, str],
    projections: tuple[str, str, str] = ("gate_proj", "up_proj", "down_proj"),
) -> Iterator[Expected]:
    """The three projections of a gated MLP with the width `inner`."""
    gate, up, down = projections
    count, hidden = text.num_hidden_layers, text.hidden
    yield from expect_linear(f"{name}.{gate}", inner, hidden, count=count, has_bias=False)
    yield from expect_linear(f"{name}.{up}", inner, hidden, count=count, has_bias=False)
    yield from expect_linear(f"{name}.{down}", hidden, inner, count=count, has_bias=False)
