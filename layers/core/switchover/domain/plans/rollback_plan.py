"""The plan of a rollback that a person asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.plans.alarms import (
    Scope,
    update_alarms,
)
from switchover.domain.plans.cloning import clone_config
from switchover.domain.plans.deployment import deployment_config
from switchover.domain.plans.experience import PastUpdate, resolve_ready
from switchover.domain.plans.pace import Pace
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.plans.timeline import (
    LONGEST_DEADLINE_SECONDS,
    duration_seconds,
    extra_instance_seconds,
    least_deadline_seconds,
    peak_instances,
    phases_of,
    rollback_peak_instances,
    worst_seconds,
)
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
    """Fix the way back to a config that served before: all at once, which is the fastest.

    There is no alarm but the abort alarm: the fleet that fails now must not stop its own replacement, nor
    come back by the standing alarms that it turned red.
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
    phases = phases_of(pace, ready.seconds)
    deadline = min(LONGEST_DEADLINE_SECONDS, least_deadline_seconds(pace, ready.seconds))
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
        instance_type=instance_type,
        target_config=goal.config_name,
        target_model=goal.model_name,
        previous_config=live.config["EndpointConfigName"],
        previous_model=live.model["ModelName"],
        previous_version=previous_version,
        previous_request=clone_config(
            live, live.config["EndpointConfigName"], live.model["ModelName"]
        ),
        deployment_config=deployment_config(pace, deadline, listed),
        pace=pace,
        phases=phases,
        ready_seconds=ready.seconds,
        ready_source=ready.source,
        expected_seconds=duration_seconds(phases),
        worst_seconds=worst_seconds(pace, ready.seconds, deadline, 0),
        deadline_seconds=deadline,
        peak_instances=peak_instances(phases),
        rollback_peak_instances=rollback_peak_instances(pace, phases),
        extra_instance_seconds=extra_instance_seconds(phases, variant.desired_instances),
        first_share=pace.first_share,
        alarms=abort,
        listed_alarms=listed,
        abort_alarm=listed[0],
    )
