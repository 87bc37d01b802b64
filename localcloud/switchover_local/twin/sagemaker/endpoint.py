"""One endpoint: its config and fleets, the running update, and its past statuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .fleet import Fleet, Headcount

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .specs import EndpointConfig, VariantSpec
    from .stages import Stage

Status = Literal[
    "Creating",
    "InService",
    "Updating",
    "SystemUpdating",
    "RollingBack",
    "UpdateRollbackFailed",
    "Failed",
    "OutOfService",
    "Deleting",
]


@dataclass(slots=True)
class Variant:
    """The wanted size of a variant and its share of the traffic."""

    spec: VariantSpec
    desired_count: int
    weight: float
    """The share that it gets of the traffic, beside the other variants' weights."""
    desired_weight: float | None = None
    """The weight that a resize under way will give it."""
    stage: Stage | None = None


@dataclass(slots=True)
class Pending:
    """The target config, and the progress of its variants."""

    config: EndpointConfig
    started: datetime
    variants: dict[str, Variant]
    fleets: list[Fleet]


@dataclass(frozen=True, slots=True)
class Transition:
    """The endpoint entered `status`, serving `config_name`, with `reason` if there is one."""

    at: datetime
    status: Status
    config_name: str
    reason: str | None


@dataclass(slots=True, eq=False)
class Endpoint:
    """A live endpoint. Only its running act changes it."""

    name: str
    arn: str
    config: EndpointConfig
    created: datetime
    modified: datetime
    status: Status = "Creating"
    variants: dict[str, Variant] = field(default_factory=dict)
    fleets: list[Fleet] = field(default_factory=list)
    pending: Pending | None = None
    failure_reason: str | None = None
    resource_policy: str | None = None
    last_deployment_config: Mapping[str, object] | None = None
    version: int = 0
    """Grows whenever traffic may flow differently from before."""
    transitions: list[Transition] = field(default_factory=list)
    headcounts: list[Headcount] = field(default_factory=list)

    @property
    def new_fleets(self) -> list[Fleet]:
        """Fleets of the target config."""
        return self.pending.fleets if self.pending is not None else []

    def every_fleet(self) -> list[Fleet]:
        """Old and new fleets."""
        return [*self.fleets, *self.new_fleets]

    def fleets_of(self, variant_name: str) -> list[Fleet]:
        """The fleets that serve a variant, or that served it before the running update."""
        return [fleet for fleet in self.fleets if fleet.spec.variant_name == variant_name]

    def enter(self, status: Status, at: datetime, reason: str | None = None) -> None:
        """Enter `status`."""
        self.status = status
        self.modified = at
        self.transitions.append(Transition(at, status, self.config.name, reason))

    def count_heads(self, at: datetime) -> None:
        """Record the number of instances, and recompute the routes of traffic."""
        self.version += 1
        old, new = self.fleets, self.new_fleets
        count = Headcount(
            at,
            old_total=sum(fleet.total for fleet in old),
            new_total=sum(fleet.total for fleet in new),
            old_serving=sum(fleet.serving for fleet in old),
            new_serving=sum(fleet.serving for fleet in new),
        )
        if self.headcounts and self.headcounts[-1].at == at:
            self.headcounts.pop()
        self.headcounts.append(count)


def wanted_variants(
    config: EndpointConfig,
    current: Mapping[str, Variant],
    *,
    keeps_counts: bool,
    keeps_weights: bool,
) -> dict[str, Variant]:
    """The variants of `config`, with their former size and weight if these are kept.

    Source: RetainAllVariantProperties; without it, Initial* values apply again (rules §1.2).
    """
    wanted = {}
    for spec in config.variants:
        now = current.get(spec.variant_name)
        wanted[spec.variant_name] = Variant(
            spec,
            now.desired_count if now and keeps_counts else spec.initial_instance_count,
            now.weight if now and keeps_weights else spec.initial_variant_weight,
        )
    return wanted
