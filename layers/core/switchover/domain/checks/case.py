"""The input of all checks: the request, the readings, and the plan if there is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchover.domain.containers.choosing import choose_container
from switchover.domain.fleet import AlarmReading, AlarmState, EndpointReading
from switchover.domain.plans.plan import Kind, Plan

if TYPE_CHECKING:
    from switchover.domain.fleet import Absent, LiveRelease, ScalingReading
    from switchover.domain.manifest import Manifest
    from switchover.domain.plans.experience import PastUpdate
    from switchover.domain.policies.layers import EffectivePolicy
    from switchover.domain.policies.policy import Policy
    from switchover.domain.readings import Artifact, Permission, Subscribers, Unmeasured, Usage
    from switchover.domain.reasons import Reason
    from switchover.domain.served import Served
    from switchover.domain.update.update import Update


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """All readings made before planning.

    `effective` is None if the policy is faulty, and `faults` says why. `golden` is the number of
    golden requests, or the reasons why they can't be sent; None if the policy names none.
    `golden_files` are the files that were read for them. `served` is newest first. `old_latency_us`
    is the serving fleet's latency in the policy's statistic; None if the policy doesn't compare with
    it, or the fleet answered too few requests. `goal` is the config to which a rollback returns, with
    its model; None if they are deleted. A quota of None means that Service Quotas doesn't list the
    type. `serving_properties` is the text of that file in the release, empty if there is none. The
    artifacts are the data and images from which instances of the live config, and of the goal, are
    launched.
    """

    endpoint: EndpointReading | Absent
    effective: EffectivePolicy | None = None
    live: LiveRelease | None = None
    alarms: tuple[AlarmReading, ...] = ()
    faults: tuple[Reason, ...] = ()
    golden: int | tuple[Reason, ...] | None = None
    golden_files: Manifest | None = None
    served: tuple[Served, ...] = ()
    past: tuple[PastUpdate, ...] = ()
    goal: LiveRelease | None = None
    quota_instances: int | Unmeasured | None = None
    usage: Usage | Unmeasured | None = None
    scaling: ScalingReading | Unmeasured | None = None
    permission: Permission | Unmeasured | None = None
    subscribers: Subscribers | Unmeasured | None = None
    old_latency_us: float | Unmeasured | None = None
    dashboard: str = ""
    endpoint_policy: str | Unmeasured | None = None
    serving_properties: str = ""
    live_artifacts: tuple[Artifact, ...] = ()
    goal_artifacts: tuple[Artifact, ...] = ()

    @property
    def red(self) -> tuple[str, ...]:
        """The names of the alarms that are red before the first change."""
        return tuple(alarm.name for alarm in self.alarms if alarm.state is AlarmState.ALARM)


@dataclass(frozen=True, slots=True)
class Case:
    """The input of every check.

    `planned` is the plan if everything else is sound, or the reasons that make it impossible; None if
    the inputs of a plan are missing.
    """

    update: Update
    found: PlanInputs
    planned: Plan | tuple[Reason, ...] | None

    @property
    def policy(self) -> Policy | None:
        """The effective policy, if it is sound."""
        return self.found.effective.policy if self.found.effective else None

    @property
    def plan(self) -> Plan | None:
        """The plan, if one could be made."""
        return self.planned if isinstance(self.planned, Plan) else None

    @property
    def container(self) -> int | Reason | None:
        """The container that gets the release, or why it is unknown; None without a live model."""
        live = self.found.live
        if live is None or not live.model:
            return None
        return choose_container(live.model, self.policy.container if self.policy else None)

    @property
    def endpoint(self) -> EndpointReading | None:
        """The endpoint, if there is one."""
        return self.found.endpoint if isinstance(self.found.endpoint, EndpointReading) else None

    @property
    def variants(self) -> tuple[dict[str, Any], ...]:
        """The production variants of the live config, raw."""
        return tuple(self.found.live.config["ProductionVariants"]) if self.found.live else ()

    @property
    def instance_type(self) -> str | None:
        """The instance type of the live variant; None if it has no instances of its own."""
        return self.variants[0].get("InstanceType") if len(self.variants) == 1 else None

    @property
    def goes_back(self) -> bool:
        """Whether the update returns to a config that served before."""
        return self.update.kind is Kind.ROLLBACK

    @property
    def listed_alarms(self) -> tuple[str, ...]:
        """The policy's own alarms, which are given to SageMaker."""
        return self.policy.alarms.also if self.policy else ()
