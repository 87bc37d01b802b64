"""Scalable targets: the variants of endpoints that Application Auto Scaling may resize."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, get_args

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_application_autoscaling.type_defs import (
        ScalingPolicyTypeDef,
        ScheduledActionTypeDef,
    )

NAMESPACE: Literal["sagemaker"] = "sagemaker"
DIMENSION: Literal["sagemaker:variant:DesiredInstanceCount"] = (
    "sagemaker:variant:DesiredInstanceCount"
)
Suspension = Literal[
    "DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"
]
SUSPENSIONS: tuple[Suspension, ...] = get_args(Suspension)


class Variant(NamedTuple):
    """A variant of an endpoint."""

    endpoint: str
    name: str

    @property
    def resource_id(self) -> str:
        """The variant's name in Application Auto Scaling (rules §3)."""
        return f"endpoint/{self.endpoint}/variant/{self.name}"


class Variants(Protocol):
    """The variants that exist, and a way to resize them."""

    def has_variant(self, endpoint: str, variant: str) -> bool:
        """Whether there is such a variant."""

    def raise_instances(self, endpoint: str, variant: str, at_least: int) -> None:
        """Bring the variant up to `at_least` instances, if it is InService and has fewer."""


@dataclass(frozen=True, slots=True)
class ScalableTarget:
    """One registered variant, with its policies, scheduled actions and tags."""

    variant: Variant
    arn: str
    role_arn: str
    created_at: datetime
    min_capacity: int
    max_capacity: int
    suspended: frozenset[Suspension] = frozenset()
    policies: dict[str, ScalingPolicyTypeDef] = field(default_factory=dict)
    scheduled_actions: dict[str, ScheduledActionTypeDef] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class ScalableTargets:
    """Every registered variant."""

    def __init__(self, variants: Variants) -> None:
        self._variants = variants
        self._targets: dict[Variant, ScalableTarget] = {}

    def all(self) -> list[ScalableTarget]:
        """Every target, by endpoint and variant."""
        return [self._targets[variant] for variant in sorted(self._targets)]

    def find(self, variant: Variant) -> ScalableTarget | None:
        """The target of a variant, if one is registered."""
        return self._targets.get(variant)

    def target(self, endpoint: str, variant: str) -> ScalableTarget | None:
        """The target of an endpoint's variant, if one is registered."""
        return self.find(Variant(endpoint, variant))

    def can_scale(self, variant: Variant) -> bool:
        """Whether there is such a variant."""
        return self._variants.has_variant(*variant)

    def put(self, target: ScalableTarget) -> None:
        """Register a target, or replace the one of the same variant."""
        self._targets[target.variant] = target

    def remove(self, target: ScalableTarget) -> None:
        """Deregister a target, and with it its policies and scheduled actions."""
        del self._targets[target.variant]

    def deregister_endpoint(self, endpoint: str) -> None:
        """Deregister every target of an endpoint, as DeleteEndpoint does (rules §3)."""
        self._targets = {v: t for v, t in self._targets.items() if v.endpoint != endpoint}

    def raise_to_minimum(self, endpoint: str) -> None:
        """Raise the endpoint's variants to their MinCapacity, unless scaling out is suspended.

        Called whenever an endpoint enters InService, as scaling is blocked during an update.
        """
        for variant, target in self._targets.items():
            if (
                variant.endpoint == endpoint
                and "DynamicScalingOutSuspended" not in target.suspended
            ):
                self._variants.raise_instances(*variant, target.min_capacity)
