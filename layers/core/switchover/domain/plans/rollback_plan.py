"""The plan of a rollback that a person requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.plans.alarms import Scope, update_alarms
from switchover.domain.plans.cloning import clone_config
from switchover.domain.plans.deployment import deployment_config
from switchover.domain.plans.estimate import estimate_capacity, estimate_times
from switchover.domain.plans.experience import PastUpdate, resolve_ready
from switchover.domain.plans.groups import (
    Deployment,
    Destination,
    Previous,
    Target,
    choose_alarms,
)
from switchover.domain.plans.pace import Pace
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.plans.timeline import LONGEST_DEADLINE_SECONDS, least_deadline_seconds
from switchover.domain.policies.choices import Strategy

if TYPE_CHECKING:
    from switchover.domain.fleet import LiveRelease, VariantReading
    from switchover.domain.policies.policy import Policy
    from switchover.domain.served import Served


def plan_rollback(
    *,
    policy: Policy,
    live: LiveRelease,
    variant: VariantReading,
    previous_version: str,
    goal: Served,
    past: tuple[PastUpdate, ...] = (),
) -> Plan:
    """Fix the rollback to a config that served before: all at once, which is the fastest.

    The abort alarm is the only alarm. Other alarms are red because of the failing fleet, and would
    stop its replacement or bring it back.
    """
    pace = Pace(
        strategy=Strategy.ALL_AT_ONCE,
        instances=variant.desired_instances,
        old_instances=variant.desired_instances,
        step_instances=variant.desired_instances,
        bake_seconds=0,
        termination_wait_seconds=0,
        rollback_batch_instances=variant.desired_instances,
    )
    instance_type = live.config["ProductionVariants"][0]["InstanceType"]
    ready = resolve_ready(policy.ready_seconds, past, instance_type, None)
    deadline = min(LONGEST_DEADLINE_SECONDS, least_deadline_seconds(pace, ready.seconds))
    times = estimate_times(pace, ready, deadline)
    own = update_alarms(policy.alarms, goal.endpoint, variant.name, goal.config_name)
    alarms = choose_alarms((), tuple(spec for spec in own if spec.scope is Scope.ABORT))
    config, model = live.config["EndpointConfigName"], live.model["ModelName"]
    return Plan(
        kind=Kind.ROLLBACK,
        endpoint=goal.endpoint,
        target=Target(
            version=goal.version,
            config=goal.config_name,
            model=goal.model_name,
            instance_type=instance_type,
        ),
        previous=Previous(
            version=previous_version,
            config=config,
            model=model,
            config_request=clone_config(live, config, model),
        ),
        destination=Destination(variant=variant.name),
        deployment=Deployment(
            pace=pace,
            first_share=pace.first_share,
            request=deployment_config(pace, deadline, alarms.listed),
        ),
        times=times,
        capacity=estimate_capacity(pace, times.phases, variant.desired_instances),
        alarms=alarms,
    )
