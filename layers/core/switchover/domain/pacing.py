"""The policy's percentages as whole instances and seconds, held against what SageMaker allows."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, assert_never

from switchover.domain.errors import FleetTooSmall
from switchover.domain.policy import Strategy
from switchover.domain.reasons import Reason
from switchover.domain.sizing import (
    resolve_batch,
    resolve_canary,
    resolve_linear_step,
    resolve_rollback_batch,
)
from switchover.domain.timing import LONGEST_DEADLINE_SECONDS, Pace, detection_seconds

if TYPE_CHECKING:
    from switchover.domain.policy import Policy


def resolve_pace(policy: Policy, instances: int) -> Pace | Reason:
    """Turn the policy's percentages into whole instances, or say what the fleet allows instead."""
    try:
        step, bake = _step_and_bake(policy, instances)
    except FleetTooSmall as error:
        return Reason(
            code="strategy.fleet-too-small",
            subject="policy: strategy",
            message=f"{policy.strategy.value} is impossible: {error}.",
            remedy=(
                "With one instance use all-at-once (no downtime, 1 extra instance) or redeploy"
                " (downtime), or run at least 2 instances."
            ),
        )
    return Pace(
        strategy=policy.strategy,
        instances=instances,
        step_instances=step,
        bake_seconds=bake,
        termination_wait_seconds=(
            0
            if policy.strategy in {Strategy.ROLLING, Strategy.REDEPLOY}
            else policy.termination_wait_seconds
        ),
        rollback_batch_instances=resolve_rollback_batch(
            policy.rolling.rollback_batch_percent, instances
        ),
    )


def refuse_timing(
    policy: Policy, pace: Pace, ready_seconds: int, deadline: int
) -> tuple[Reason, ...]:
    """Say what doesn't fit: the deadline around the update, the alarms into the bake."""
    return (
        *_deadline_refusals(policy, pace, ready_seconds, deadline),
        *_bake_refusals(policy, pace),
    )


def _step_and_bake(policy: Policy, instances: int) -> tuple[int, int]:
    match policy.strategy:
        case Strategy.ROLLING:
            return resolve_batch(
                policy.rolling.batch_percent, instances
            ), policy.rolling.bake_seconds
        case Strategy.CANARY:
            return resolve_canary(policy.canary.percent, instances), policy.canary.bake_seconds
        case Strategy.LINEAR:
            step = resolve_linear_step(policy.linear.step_percent, instances)
            return step, policy.linear.bake_seconds
        case Strategy.ALL_AT_ONCE | Strategy.REDEPLOY:
            return instances, 0
        case _:
            assert_never(policy.strategy)


def _deadline_refusals(
    policy: Policy, pace: Pace, ready_seconds: int, deadline: int
) -> tuple[Reason, ...]:
    if policy.deadline_seconds is None and deadline > LONGEST_DEADLINE_SECONDS:
        longest_hours = LONGEST_DEADLINE_SECONDS // 3600
        return (
            Reason(
                code="timing.deadline-too-long",
                subject="policy: strategy",
                message=(
                    f"{pace.steps} steps of {pace.step_instances} instances need about"
                    f" {ceil(deadline / 3600)} hours, and SageMaker allows {longest_hours}."
                ),
                remedy="Take larger batches or steps, shorter bakes, or canary.",
            ),
        )
    expected = pace.duration_seconds(ready_seconds)
    if policy.deadline_seconds is not None and deadline < expected:
        return (
            Reason(
                code="timing.deadline-too-short",
                subject="policy: deadline_seconds",
                message=f"{deadline} s is shorter than the {expected} s that the update should take.",
                remedy="Raise it, or leave it out: it is computed.",
            ),
        )
    return ()


def _bake_refusals(policy: Policy, pace: Pace) -> tuple[Reason, ...]:
    alarms = policy.alarms
    needed = detection_seconds(alarms.period_seconds, alarms.evaluation_periods)
    if pace.strategy is Strategy.REDEPLOY or needed < pace.guarded_seconds:
        return ()
    return (
        Reason(
            code="alarms.slower-than-bake",
            subject="policy: alarms",
            message=(
                f"{alarms.evaluation_periods} periods of {alarms.period_seconds} s need {needed} s"
                f" to go red, and the bake that they guard lasts {pace.guarded_seconds} s."
            ),
            remedy="Bake longer, or shorten period_seconds or evaluation_periods.",
        ),
    )
