"""What Application Auto Scaling scales: a variant of an endpoint, and what hangs on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from datetime import datetime

NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


class Variant(NamedTuple):
    """A variant of an endpoint: what is scaled."""

    endpoint: str
    name: str

    @property
    def resource_id(self) -> str:
        """How Application Auto Scaling calls it (rules §3)."""
        return f"endpoint/{self.endpoint}/variant/{self.name}"


class Variants(Protocol):
    """What scaling needs to know of endpoints."""

    def has_variant(self, endpoint: str, variant: str) -> bool:
        """Whether there is such a variant."""

    def raise_instances(self, endpoint: str, variant: str, at_least: int) -> None:
        """Bring the variant up to `at_least` instances, if it is InService and has fewer."""


@dataclass(frozen=True, slots=True)
class ScalableTarget:
    """One registered variant, and all that hangs on it."""

    variant: Variant
    arn: str
    role_arn: str
    created_at: datetime
    min_capacity: int
    max_capacity: int
    suspended: frozenset[str] = frozenset()
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    scheduled_actions: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def identity(self) -> dict[str, str]:
        """The three fields that name it in every answer."""
        return {
            "ServiceNamespace": NAMESPACE,
            "ResourceId": self.variant.resource_id,
            "ScalableDimension": DIMENSION,
        }
