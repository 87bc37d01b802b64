"""The plan: every number fixed before anything is touched."""

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


# A plan is written flat: in the ledger, in what its digest covers, and in what `plan --json` prints.
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
# Fields that are written under another name than their group's.
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
# By the name as written: the group of a field, and its name there.
PLACES = place_fields(GROUPS, _NAMES)


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Plan:
    """One update, fixed: what moves, how, by when, at what cost, guarded by what.

    `guard` says how much the new fleet must be asked in its bakes. `notes` tell people what was adapted,
    and why. `overrides` are what isn't as the policy file says, for those who approve it and those who
    look back.
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
        """The SHA-256 of the whole plan: a plan that differs in anything has another.

        Fields at their defaults don't count, so that a version of the code which adds a field still
        finds the digest of a plan that waits.
        """
        told = _PLAN.dump_python(self, mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def overriding(self, overrides: tuple[Override, ...]) -> Plan:
        """With what isn't as the policy file says."""
        return replace(self, overrides=overrides)

    def made_of(self, material: Material) -> Plan:
        """With what it was made of, so that its digest covers that as well."""
        return replace(self, material=material)

    def to_begin_by(self, begin_by: datetime | None) -> Plan:
        """With the time after which it must not begin."""
        return replace(self, times=replace(self.times, begin_by=begin_by))

    @property
    def changes_fleet_size(self) -> bool:
        """Whether the fleet may have another size afterwards, which then has to be put back."""
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
        """The config that a rollback must end on.

        A mix of both configs reports the previous one's name already, so that the name would prove
        nothing: it is repaired with the same content under a fresh name (rules §2.2).
        """
        return self.repair_config if is_mixed else self.previous.config

    def home_configs(self, *, is_mixed: bool) -> frozenset[str]:
        """The configs on which a rollback has ended: the previous one may be gone, and its copy serve."""
        return frozenset({self.home_config(is_mixed=is_mixed), self.repair_config})

    @property
    def repair_config(self) -> str:
        """The fresh name of the previous config's copy."""
        source = f"{self.target.config} repaired"
        return undated_config_name(self.endpoint, self.previous.version, source)

    @property
    def repair_request(self) -> dict[str, Any]:
        """The CreateEndpointConfig request of the previous config's copy."""
        like = self.target.config_request or self.previous.config_request
        if like is None:
            raise AssertionError(
                "a release brings its config, a rollback a clone of the previous one"
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
        """When we stop believing that SageMaker will settle it: its deadline and its own way back."""
        return self.times.deadline_seconds + self.turning_seconds

    @property
    def turning_seconds(self) -> int:
        """How long SageMaker's own way back may take before we stop believing in it."""
        ready_seconds = self.times.ready_seconds
        back_seconds = max(ready_seconds, way_back_seconds(self.deployment.pace, ready_seconds))
        return 2 * back_seconds + SHORTEST_DEADLINE_SECONDS // 2

    @property
    def borrowed_alarms(self) -> tuple[str, ...]:
        """The observed alarms that are people's own: their names don't tell the endpoint."""
        return tuple(
            name for name in self.alarms.observed if endpoint_of_alarm(name) != self.endpoint
        )


_PLAN = TypeAdapter(Plan)
