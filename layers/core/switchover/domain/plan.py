"""The plan: every number fixed before anything is touched."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from switchover.domain.alarms import AlarmSpec, Scope, standing_alarms, update_alarms
from switchover.domain.cloning import clone_config, clone_model
from switchover.domain.deployment import deployment_config
from switchover.domain.naming import config_name
from switchover.domain.pacing import refuse_timing, resolve_pace
from switchover.domain.policy import Policy, Strategy
from switchover.domain.reasons import Reason
from switchover.domain.timing import (
    LONGEST_DEADLINE_SECONDS,
    SHORTEST_DEADLINE_SECONDS,
    Pace,
    deadline_seconds,
    estimate_ready_seconds,
)

if TYPE_CHECKING:
    from switchover.domain.fleet import LiveRelease, VariantReading
    from switchover.domain.release import Release
    from switchover.domain.served import Served

_ARCHIVE = ".tar.gz"


class Kind(StrEnum):
    """Forward to a release, or back to a config that served before."""

    RELEASE = "release"
    ROLLBACK = "rollback"


class Plan(BaseModel):
    """One update, fixed: what moves, how, by when, at what cost, guarded by what.

    `model_request` and `config_request` are what the create calls are sent; None for a rollback, whose
    config exists. `deployment_config` is what UpdateEndpoint is sent; None for redeploy.
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
    deployment_config: dict[str, Any] | None = None
    retain_capacity: bool = True
    allows_downtime: bool = False
    pace: Pace
    ready_seconds: int
    expected_seconds: int
    deadline_seconds: int
    peak_instances: int
    alarms: tuple[AlarmSpec, ...]
    listed_alarms: tuple[str, ...]
    abort_alarm: str
    golden: str | None = None
    golden_latency_seconds: float = 60
    watch_seconds: int = 0
    needs_approval: bool = False
    capacity_during: tuple[int, int] | None = None
    endpoint_tags: tuple[dict[str, str], ...] = ()

    @property
    def changes_fleet_size(self) -> bool:
        """Whether the fleet may have another size afterwards, which then has to be put back."""
        return self.capacity_during is not None or self.pace.strategy is Strategy.REDEPLOY

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
        is_repairable = is_mixed and self.repair_request is not None
        return self.repair_config if is_repairable else self.previous_config

    def proves_way_back(self, *, is_mixed: bool) -> bool:
        """Whether the home config's name tells that the way back succeeded."""
        return not is_mixed or self.repair_request is not None

    @property
    def repair_config(self) -> str:
        """The fresh name of the previous config's copy."""
        return config_name(self.endpoint, self.previous_version, f"{self.target_config} repaired")

    @property
    def repair_request(self) -> dict[str, Any] | None:
        """The CreateEndpointConfig request of the previous config's copy; None for a rollback."""
        if self.config_request is None:
            return None
        variants = [
            {**variant, "ModelName": self.previous_model}
            for variant in self.config_request["ProductionVariants"]
        ]
        return {
            **self.config_request,
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
        return self.deadline_seconds + 2 * self.ready_seconds + SHORTEST_DEADLINE_SECONDS // 2

    @property
    def observed_alarms(self) -> tuple[str, ...]:
        """Every alarm that an observation reads."""
        return tuple(dict.fromkeys((*(spec.name for spec in self.alarms), *self.listed_alarms)))


def plan_release(
    *,
    update_id: str,
    release: Release,
    bucket: str,
    policy: Policy,
    live: LiveRelease,
    variant: VariantReading,
    previous_version: str,
) -> Plan | tuple[Reason, ...]:
    """Fix every number of an update to `release`, or say why it can't work."""
    described = live.config["ProductionVariants"][0]
    during = policy.capacity.during
    retained = max(variant.desired_instances, during.min if during else 0)
    redeploys = policy.strategy is Strategy.REDEPLOY
    instances = (
        retained if policy.retain_capacity or redeploys else described["InitialInstanceCount"]
    )
    pace = resolve_pace(policy, instances)
    if isinstance(pace, Reason):
        return (pace,)
    ready = policy.ready_seconds or estimate_ready_seconds(release.total_bytes)
    deadline = policy.deadline_seconds or deadline_seconds(pace, ready)
    refusals = refuse_timing(policy, pace, ready, deadline)
    if refusals:
        return refusals
    target = config_name(release.endpoint, release.model.version, update_id)
    own_alarms = update_alarms(policy.alarms, release.endpoint, variant.name, target)
    listed = (*(spec.name for spec in own_alarms), *policy.alarms.also)
    uri, is_archive = model_location(release, bucket)
    return Plan(
        kind=Kind.RELEASE,
        endpoint=release.endpoint,
        version=release.model.version,
        variant=variant.name,
        instance_type=described["InstanceType"],
        target_config=target,
        target_model=target,
        previous_config=live.config["EndpointConfigName"],
        previous_model=live.model["ModelName"],
        previous_version=previous_version,
        model_request=clone_model(live, target, uri, is_archive=is_archive),
        config_request=clone_config(
            live, target, target, instances=instances if redeploys else None
        ),
        deployment_config=deployment_config(pace, deadline, listed),
        retain_capacity=policy.retain_capacity,
        allows_downtime=redeploys and policy.allow_downtime,
        pace=pace,
        ready_seconds=ready,
        expected_seconds=pace.duration_seconds(ready),
        deadline_seconds=deadline,
        peak_instances=pace.peak_instances,
        alarms=(*standing_alarms(policy.alarms, release.endpoint, variant.name), *own_alarms),
        listed_alarms=listed,
        abort_alarm=next(spec.name for spec in own_alarms if spec.scope is Scope.ABORT),
        golden=policy.tests.golden,
        golden_latency_seconds=policy.tests.latency_seconds,
        watch_seconds=policy.watch_seconds,
        needs_approval=policy.approval.required,
        capacity_during=(during.min, during.max) if during else None,
        endpoint_tags=live.endpoint_tags,
    )


def plan_rollback(
    *,
    policy: Policy,
    live: LiveRelease,
    variant: VariantReading,
    previous_version: str,
    goal: Served,
) -> Plan:
    """Fix the way back to a config that served before: all at once, which is the fastest.

    No alarm is listed but the abort alarm: the fleet that fails now must not stop its own replacement.
    """
    pace = Pace(
        strategy=Strategy.ALL_AT_ONCE,
        instances=variant.desired_instances,
        step_instances=variant.desired_instances,
        bake_seconds=0,
        termination_wait_seconds=0,
        rollback_batch_instances=variant.desired_instances,
    )
    ready = policy.ready_seconds or estimate_ready_seconds(0)
    deadline = min(LONGEST_DEADLINE_SECONDS, deadline_seconds(pace, ready))
    abort = tuple(
        spec
        for spec in update_alarms(policy.alarms, goal.endpoint, variant.name, goal.config_name)
        if spec.scope is Scope.ABORT
    )
    listed = tuple(spec.name for spec in abort)
    return Plan(
        kind=Kind.ROLLBACK,
        endpoint=goal.endpoint,
        version=goal.version,
        variant=variant.name,
        instance_type=live.config["ProductionVariants"][0]["InstanceType"],
        target_config=goal.config_name,
        target_model=goal.model_name,
        previous_config=live.config["EndpointConfigName"],
        previous_model=live.model["ModelName"],
        previous_version=previous_version,
        deployment_config=deployment_config(pace, deadline, listed),
        pace=pace,
        ready_seconds=ready,
        expected_seconds=pace.duration_seconds(ready),
        deadline_seconds=deadline,
        peak_instances=pace.peak_instances,
        alarms=(*standing_alarms(policy.alarms, goal.endpoint, variant.name), *abort),
        listed_alarms=listed,
        abort_alarm=listed[0],
    )


def model_location(release: Release, bucket: str) -> tuple[str, bool]:
    """The S3 URI that the model will be made from, and whether it is one archive."""
    if len(release.files) == 1 and release.files[0].path.endswith(_ARCHIVE):
        return f"s3://{bucket}/{release.prefix}{release.files[0].path}", True
    return f"s3://{bucket}/{release.prefix}", False
