"""The plan: every number fixed before the first change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict, TypeAdapter, model_serializer, model_validator
from pydantic.dataclasses import dataclass

from switchover.domain.flat_shape import flatten, nest, place_fields
from switchover.domain.naming import endpoint_of_alarm, undated_config_name
from switchover.domain.plans.groups import (
    ApprovalNeeds,
    CapacityNeeds,
    Deployment,
    Destination,
    GoldenTests,
    GuardingAlarms,
    Material,
    Previous,
    Target,
    Times,
)
from switchover.domain.plans.timeline import SHORTEST_DEADLINE_SECONDS, way_back_seconds
from switchover.domain.policies.choices import Strategy
from switchover.domain.policies.overrides import Override
from switchover.domain.policies.sections import Guard

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import SerializerFunctionWrapHandler


class Kind(StrEnum):
    """Forward to a release, or back to a config that served before."""

    RELEASE = "release"
    ROLLBACK = "rollback"


# A plan is written in flat form: in the ledger, for its digest, and by `plan --json`.
GROUPS = {
    "target": Target,
    "previous": Previous,
    "destination": Destination,
    "deployment": Deployment,
    "times": Times,
    "capacity": CapacityNeeds,
    "alarms": GuardingAlarms,
    "tests": GoldenTests,
    "approval": ApprovalNeeds,
    "material": Material,
}
# Fields whose written name differs from their name in the group.
_NAMES = {
    ("target", "config"): "target_config",
    ("target", "model"): "target_model",
    ("previous", "version"): "previous_version",
    ("previous", "config"): "previous_config",
    ("previous", "model"): "previous_model",
    ("previous", "config_request"): "previous_request",
    ("destination", "container"): "target_container",
    ("destination", "tags"): "endpoint_tags",
    ("destination", "resource_policy"): "endpoint_policy",
    ("deployment", "request"): "deployment_config",
    ("capacity", "during"): "capacity_during",
    ("alarms", "specs"): "alarms",
    ("alarms", "listed"): "listed_alarms",
    ("alarms", "watched"): "watched_alarms",
    ("alarms", "excluded"): "excluded_alarms",
    ("alarms", "abort"): "abort_alarm",
    ("tests", "latency_seconds"): "golden_latency_seconds",
    ("tests", "warm_up"): "golden_warm_up",
    ("tests", "at_once"): "golden_at_once",
    ("approval", "required"): "needs_approval",
    ("approval", "promotion"): "needs_promotion",
}
# For each written name: the field's group, and its name in the group.
PLACES = place_fields(GROUPS, _NAMES)


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Plan:
    """The fixed plan of one update: target, strategy, times, instances, alarms.

    `guard` is the number of requests that the new fleet must get in its bakes. `notes` tell people
    which settings were adapted, and why. `overrides` are the values that differ from the policy file,
    for approvers and for the history.
    """

    kind: Kind
    endpoint: str
    target: Target
    previous: Previous
    destination: Destination
    deployment: Deployment
    times: Times
    capacity: CapacityNeeds
    alarms: GuardingAlarms
    guard: Guard = Guard(min_requests=0)
    tests: GoldenTests = GoldenTests()
    approval: ApprovalNeeds = ApprovalNeeds()
    material: Material = Material()
    notes: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _read_flat(cls, given: object) -> object:
        return nest(given, PLACES) if isinstance(given, dict) else given

    @model_serializer(mode="wrap")
    def _write_flat(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return flatten(write(self), PLACES)

    @property
    def digest(self) -> str:
        """The SHA-256 of the whole plan: any difference gives another digest.

        Fields at their defaults don't count, so that a version of the code with a new field still
        computes the same digest for a waiting plan.
        """
        told = _PLAN.dump_python(self, mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def overriding(self, overrides: tuple[Override, ...]) -> Plan:
        """The plan with the values that differ from the policy file."""
        return replace(self, overrides=overrides)

    def made_of(self, material: Material) -> Plan:
        """The plan with the digests of its files, so that its own digest covers them too."""
        return replace(self, material=material)

    def to_begin_by(self, begin_by: datetime | None) -> Plan:
        """The plan with the time after which it must not begin."""
        return replace(self, times=replace(self.times, begin_by=begin_by))

    @property
    def changes_fleet_size(self) -> bool:
        """Whether the update may change the fleet's size, which then has to be restored."""
        return (
            self.capacity.during is not None
            or self.deployment.pace.strategy is Strategy.REDEPLOY
            or not self.deployment.retain_capacity
        )

    @property
    def summary(self) -> str:
        """The plan in one sentence."""
        pace = self.deployment.pace
        return (
            f"{self.previous.version} → {self.target.version} by {pace.strategy.value}:"
            f" {pace.instances} instances in steps of {pace.step_instances},"
            f" about {round(self.times.expected_seconds / 60)} min,"
            f" at most {self.capacity.peak_instances} instances."
        )

    def home_config(self, *, is_mixed: bool) -> str:
        """The config on which a rollback must end.

        A mix of both configs already reports the previous config's name, so that name proves nothing.
        A mix is repaired with a copy under a new name (rules §2.2).
        """
        return self.repair_config if is_mixed else self.previous.config

    def home_configs(self, *, is_mixed: bool) -> frozenset[str]:
        """The configs on which a rollback may end: the copy serves if the previous config was deleted."""
        return frozenset({self.home_config(is_mixed=is_mixed), self.repair_config})

    @property
    def repair_config(self) -> str:
        """The new name of the previous config's copy."""
        source = f"{self.target.config} repaired"
        return undated_config_name(self.endpoint, self.previous.version, source)

    @property
    def repair_request(self) -> dict[str, Any]:
        """The CreateEndpointConfig request of the previous config's copy."""
        like = self.target.config_request or self.previous.config_request
        if like is None:
            raise AssertionError(
                "a release's plan has its own config, and a rollback's plan a clone of the previous one"
            )
        variants = [
            {**variant, "ModelName": self.previous.model} for variant in like["ProductionVariants"]
        ]
        return {
            **like,
            "EndpointConfigName": self.repair_config,
            "ProductionVariants": variants,
        }

    @property
    def own_configs(self) -> frozenset[str]:
        """The configs between which this update may move the endpoint."""
        return frozenset({self.previous.config, self.target.config, self.repair_config})

    @property
    def overdue_seconds(self) -> int:
        """The time after which SageMaker isn't expected to settle: its deadline plus its own rollback."""
        return self.times.deadline_seconds + self.turning_seconds

    @property
    def turning_seconds(self) -> int:
        """The longest time that SageMaker's own rollback is expected to take."""
        ready_seconds = self.times.ready_seconds
        back_seconds = max(ready_seconds, way_back_seconds(self.deployment.pace, ready_seconds))
        return 2 * back_seconds + SHORTEST_DEADLINE_SECONDS // 2

    @property
    def borrowed_alarms(self) -> tuple[str, ...]:
        """The observed alarms that belong to people: their names don't contain the endpoint."""
        return tuple(
            name for name in self.alarms.observed if endpoint_of_alarm(name) != self.endpoint
        )


_PLAN = TypeAdapter(Plan)
