"""The plan: every number fixed before anything is touched."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict

from switchover.domain.golden.identity import IdentityCheck
from switchover.domain.naming import endpoint_of_alarm, undated_config_name
from switchover.domain.plans.alarms import (
    AlarmSpec,
)
from switchover.domain.plans.pace import Pace
from switchover.domain.plans.timeline import (
    SHORTEST_DEADLINE_SECONDS,
    Phase,
    way_back_seconds,
)
from switchover.domain.policies.choices import Strategy
from switchover.domain.policies.overrides import Override
from switchover.domain.policies.sections import Guard

if TYPE_CHECKING:
    from datetime import datetime


class Kind(StrEnum):
    """Forward to a release, or back to a config that served before."""

    RELEASE = "release"
    ROLLBACK = "rollback"


class Plan(BaseModel):
    """One update, fixed: what moves, how, by when, at what cost, guarded by what.

    `model_request` and `config_request` are what the create calls are sent; None for a rollback, whose
    config exists: it holds a clone of the previous one in `previous_request`, should that have to be
    made again. `deployment_config` is what UpdateEndpoint is sent; None for redeploy.

    `phases` are what should happen, `expected_seconds` their sum; `worst_seconds` is the longest until
    there is an outcome. `ready_source` says how `ready_seconds` is known. `peak_instances` and
    `extra_instance_seconds` (above the usual fleet) hold if all goes well; `rollback_peak_instances`
    if SageMaker turns back at the worst moment. `first_share` is the least and the most of the traffic
    (0–1) that the first shift gives the new fleet. `notes` tell people what was adapted, and why.
    `listed_alarms` are given to SageMaker, which takes ten; `watched_alarms` are those beyond, which
    turn the update back as well, by our own looks. `excluded_alarms` are neither.
    `identity` is what answers must say of their model. `target_container` is whom requests name where a
    model's containers are asked one by one; `routing` is how the variant chooses an instance.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    kind: Kind
    endpoint: str
    version: str
    variant: str
    instance_type: str
    target_config: str
    target_model: str
    previous_config: str
    previous_model: str
    previous_version: str
    model_request: dict[str, Any] | None = None
    config_request: dict[str, Any] | None = None
    previous_request: dict[str, Any] | None = None
    deployment_config: dict[str, Any] | None = None
    retain_capacity: bool = True
    allows_downtime: bool = False
    pace: Pace
    phases: tuple[Phase, ...]
    ready_seconds: int
    ready_source: str
    expected_seconds: int
    worst_seconds: int
    deadline_seconds: int
    peak_instances: int
    rollback_peak_instances: int
    extra_instance_seconds: int
    first_share: tuple[float, float]
    alarms: tuple[AlarmSpec, ...]
    listed_alarms: tuple[str, ...]
    watched_alarms: tuple[str, ...] = ()
    excluded_alarms: tuple[str, ...] = ()
    abort_alarm: str
    notes: tuple[str, ...] = ()
    guard: Guard = Guard(min_requests=0)
    golden: str | None = None
    golden_latency_seconds: float = 60
    golden_warm_up: int = 1
    golden_at_once: int = 4
    identity: IdentityCheck | None = None
    target_container: str | None = None
    routing: str = ""
    watch_seconds: int = 0
    needs_approval: bool = False
    # What isn't as the policy file says, for those who approve it and those who look back.
    overrides: tuple[Override, ...] = ()
    needs_promotion: bool = False
    four_eyes: bool = False
    capacity_during: tuple[int, int] | None = None
    # Begun later, it might not end before its window closes or a freeze begins; None if neither does.
    begin_by: AwareDatetime | None = None
    endpoint_tags: tuple[dict[str, str], ...] = ()
    endpoint_policy: str | None = None
    # What it was made of: digests of the golden files' and the model's manifests, and which policy.
    golden_pin: str = ""
    files_digest: str = ""
    policy_version: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of the whole plan: a plan that differs in anything has another.

        Fields at their defaults don't count, so that a version of the code which adds a field still
        finds the digest of a plan that waits.
        """
        told = self.model_dump(mode="json", exclude_defaults=True)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def overriding(self, overrides: tuple[Override, ...]) -> Plan:
        """With what isn't as the policy file says."""
        return self._with(overrides=overrides)

    def made_of(self, *, golden_pin: str, files_digest: str, policy_version: str) -> Plan:
        """With what it was made of, so that its digest covers that as well."""
        return self._with(
            golden_pin=golden_pin, files_digest=files_digest, policy_version=policy_version
        )

    def to_begin_by(self, begin_by: datetime | None) -> Plan:
        """With the time after which it must not begin."""
        return self._with(begin_by=begin_by)

    def _with(self, **changes: object) -> Plan:
        """Changed, names and values checked."""
        return Plan.model_validate({**dict(self), **changes})

    @property
    def changes_fleet_size(self) -> bool:
        """Whether the fleet may have another size afterwards, which then has to be put back."""
        return (
            self.capacity_during is not None
            or self.pace.strategy is Strategy.REDEPLOY
            or not self.retain_capacity
        )

    @property
    def summary(self) -> str:
        """The plan in one sentence."""
        pace = self.pace
        return (
            f"{self.previous_version} → {self.version} by {pace.strategy.value}:"
            f" {pace.instances} instances in steps of {pace.step_instances},"
            f" about {round(self.expected_seconds / 60)} min, at most {self.peak_instances} instances."
        )

    def home_config(self, *, is_mixed: bool) -> str:
        """The config that a rollback must end on.

        A mix of both configs reports the previous one's name already, so that the name would prove
        nothing: it is repaired with the same content under a fresh name (rules §2.2).
        """
        return self.repair_config if is_mixed else self.previous_config

    def home_configs(self, *, is_mixed: bool) -> frozenset[str]:
        """The configs on which a rollback has ended: the previous one may be gone, and its copy serve."""
        return frozenset({self.home_config(is_mixed=is_mixed), self.repair_config})

    @property
    def repair_config(self) -> str:
        """The fresh name of the previous config's copy."""
        source = f"{self.target_config} repaired"
        return undated_config_name(self.endpoint, self.previous_version, source)

    @property
    def repair_request(self) -> dict[str, Any]:
        """The CreateEndpointConfig request of the previous config's copy."""
        like = self.config_request or self.previous_request
        if like is None:
            raise AssertionError(
                "a release brings its config, a rollback a clone of the previous one"
            )
        variants = [
            {**variant, "ModelName": self.previous_model} for variant in like["ProductionVariants"]
        ]
        return {
            **like,
            "EndpointConfigName": self.repair_config,
            "ProductionVariants": variants,
        }

    @property
    def own_configs(self) -> frozenset[str]:
        """The configs between which this update may move the endpoint."""
        return frozenset({self.previous_config, self.target_config, self.repair_config})

    @property
    def overdue_seconds(self) -> int:
        """When we stop believing that SageMaker will settle it: its deadline and its own way back."""
        return self.deadline_seconds + self.turning_seconds

    @property
    def turning_seconds(self) -> int:
        """How long SageMaker's own way back may take before we stop believing in it."""
        back_seconds = max(self.ready_seconds, way_back_seconds(self.pace, self.ready_seconds))
        return 2 * back_seconds + SHORTEST_DEADLINE_SECONDS // 2

    @property
    def observed_alarms(self) -> tuple[str, ...]:
        """Every alarm that an observation reads."""
        own = (spec.name for spec in self.alarms)
        names = dict.fromkeys((*own, *self.listed_alarms, *self.watched_alarms))
        return tuple(name for name in names if name not in self.excluded_alarms)

    @property
    def borrowed_alarms(self) -> tuple[str, ...]:
        """The observed alarms that are people's own: their names don't tell the endpoint."""
        return tuple(
            name for name in self.observed_alarms if endpoint_of_alarm(name) != self.endpoint
        )

    @property
    def abort_spec(self) -> AlarmSpec:
        """The abort alarm."""
        return next(spec for spec in self.alarms if spec.name == self.abort_alarm)
