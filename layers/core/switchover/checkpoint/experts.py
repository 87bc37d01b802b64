"""The tensors of a mixture of experts: a router per layer, and as many gated MLPs as experts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AliasChoices, Field

from switchover.checkpoint.decoder import TextConfig, expect_gated
from switchover.checkpoint.shapes import (
    Expected,
    Size,
    Sizes,
    expect_linear,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.checkpoint.text import Json


Experts = Annotated[int, Field(ge=1, le=1024)]


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
    """Qwen2-MoE has one more expert, which every token passes."""

    moe_intermediate_size: Size = 1408
    num_experts: Annotated[
        Experts, Field(validation_alias=AliasChoices("num_experts", "num_local_experts"))
    ] = 60
    shared_expert_intermediate_size: Size = 5632


def feed_mixtral(text: TextConfig, config: Mapping[str, Json]) -> Iterator[Expected]:
    """Mixtral: each layer has only experts."""
    experts = MixtralConfig.model_validate(config)
    inner = (experts.intermediate_size, "intermediate_size")
    yield from _expect_router("block_sparse_moe.gate", text, experts.num_local_experts)
    for number in range(experts.num_local_experts):
        yield from expect_gated(
            f"block_sparse_moe.experts.{number}", text, inner, ("w1", "w3", "w2")
        )


def feed_qwen3_moe(text: TextConfig, config: Mapping[str, Json]) -> Iterator[Expected]:
    """Qwen3-MoE: experts; nothing is expected if some layers are dense."""
    experts = Qwen3MoeConfig.model_validate(config)
    if not experts.has_dense_layers:
        yield from _expect_experts(text, experts)


def feed_qwen2_moe(text: TextConfig, config: Mapping[str, Json]) -> Iterator[Expected]:
    """Qwen2-MoE: experts, and one for every token; nothing is expected if some layers are dense."""
    experts = Qwen2MoeConfig.model_validate(config)
    if experts.has_dense_layers:
        return
    yield from _expect_experts(text, experts)
    shared = (experts.shared_expert_intermediate_size, "shared_expert_intermediate_size")
    yield from expect_gated("mlp.shared_expert", text, shared)
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
        yield from expect_gated(f"mlp.experts.{number}", text, inner)


def _expect_router(name: str, text: TextConfig, experts: int) -> Iterator[Expected]:
    return expect_linear(
        name,
        (experts, "number of experts"),
        text.hidden,
        count=text.num_hidden_layers,
        has_bias=False,
    )


def has_dense_layers(config: Mapping[str, Json]) -> bool:
    """Whether some layers of a mixture of experts are dense, so that no layer is compared."""
    keys = {"decoder_sparse_step", "mlp_only_layers"} & config.keys()
    return Qwen3MoeConfig.model_validate({key: config[key] for key in keys}).has_dense_layers
