"""Fits a policy to a fleet: pace, alarms and deadline that agree, or a proposal of a policy that fits."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import yaml

from switchover.domain.plans.detection import detection_seconds, explain_alarms, settle_alarms
from switchover.domain.plans.pace import Pace, explain_step, resolve_pace
from switchover.domain.plans.timeline import (
    LONGEST_DEADLINE_SECONDS,
    least_deadline_seconds,
    longest_seconds,
    peak_instances,
    phases_of,
    rollback_peak_instances,
)
from switchover.domain.policies.choices import Strategy
from switchover.domain.policies.policy import Policy
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.domain.plans.experience import Ready
    from switchover.domain.policies.sections import Alarms

# A good update must not be rolled back because its ready time was estimated: it may be this much
# slower.
_GUESS_FACTOR = 2
_MOST_MENDS = 4
_LONGEST_BAKE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions for a policy: the fleet, its launch time, its metrics' interval.

    `configured_instances` is the live config's initial count: the size of a new fleet whose capacity
    isn't retained.
    """

    instances: int
    configured_instances: int
    ready: Ready
    published_every: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """A policy that fits the fleet, with notes for people about the changes."""

    pace: Pace
    alarms: Alarms
    deadline_seconds: int
    notes: tuple[str, ...]


def fit(
    policy: Policy, chosen: frozenset[str], conditions: Conditions
) -> Fitted | tuple[Reason, ...]:
    """Fit the policy to the fleet, or return the reasons why it doesn't fit, with a policy that does.

    `chosen` are the dotted keys that people set. If they don't fit they are refused, never adapted.
    """
    fitted = _try(policy, chosen, conditions)
    if isinstance(fitted, Fitted):
        return fitted
    example = next(_fitting_changes(policy, chosen, conditions), None)
    if example is None:
        return fitted
    written = yaml.safe_dump(example, default_flow_style=True, sort_keys=False, width=1000).strip()
    return tuple(
        reason.model_copy(update={"remedy": f"{reason.remedy} This fits: `{written}`."})
        for reason in fitted
    )


def _try(
    policy: Policy, chosen: frozenset[str], conditions: Conditions
) -> Fitted | tuple[Reason, ...]:
    is_kept = policy.retain_capacity or policy.strategy is Strategy.REDEPLOY
    instances = conditions.instances if is_kept else conditions.configured_instances
    pace = resolve_pace(policy, instances, conditions.instances)
    if isinstance(pace, Reason):
        return (pace,)
    alarms = settle_alarms(policy.alarms, pace, conditions.published_every, chosen)
    deadline = _deadline(policy, pace, conditions.ready)
    refused = tuple(found for found in (deadline, alarms) if isinstance(found, Reason))
    if isinstance(deadline, Reason) or isinstance(alarms, Reason):
        return refused
    notes = (*explain_step(policy, pace), *explain_alarms(policy.alarms, alarms, pace))
    notes = (*notes, *_explain_rollback(pace))
    if conditions.ready.is_guess:
        notes = (*notes, _explain_guess(conditions.ready))
    return Fitted(pace, alarms, deadline, notes)


def _deadline(policy: Policy, pace: Pace, ready: Ready) -> int | Reason:
    longest, least = (
        longest_seconds(pace, ready.seconds),
        least_deadline_seconds(pace, ready.seconds),
    )
    if policy.deadline_seconds is not None:
        is_enough = policy.deadline_seconds > longest
        return (
            policy.deadline_seconds if is_enough else _too_short(policy.deadline_seconds, longest)
        )
    if least > LONGEST_DEADLINE_SECONDS:
        return _too_long(pace, least)
    if not ready.is_guess:
        return least
    generous = least_deadline_seconds(pace, _GUESS_FACTOR * ready.seconds)
    return min(LONGEST_DEADLINE_SECONDS, generous)


def _too_short(deadline: int, longest: int) -> Reason:
    return Reason(
        code="timing.deadline-too-short",
        subject="policy: deadline_seconds",
        message=f"{deadline} s is shorter than the {longest} s that the update may take.",
        remedy="Raise it, or leave it out: it is computed.",
    )


def _too_long(pace: Pace, needed: int) -> Reason:
    return Reason(
        code="timing.deadline-too-long",
        subject="policy: strategy",
        message=(
            f"{pace.steps} steps of {pace.step_instances} instances need a deadline of about"
            f" {ceil(needed / 3600)} hours, and SageMaker allows {LONGEST_DEADLINE_SECONDS // 3600}."
        ),
        remedy="Take larger batches or steps, shorter bakes, or canary.",
    )


def _explain_rollback(pace: Pace) -> tuple[str, ...]:
    phases = phases_of(pace, ready_seconds=1)
    usual, worst = peak_instances(phases), rollback_peak_instances(pace, phases)
    note = (
        f"A rollback may take {worst} instances at once, the update itself {usual}. A smaller"
        " rolling.rollback_batch_percent takes fewer instances, but more time."
    )
    return (note,) if worst > usual else ()


def _explain_guess(ready: Ready) -> str:
    return (
        f"No update of this endpoint was measured yet. The {ready.seconds} s until an instance"
        f" serves are estimated from {ready.source}."
    )


def _fitting_changes(
    policy: Policy, chosen: frozenset[str], conditions: Conditions
) -> Iterator[dict[str, Any]]:
    """Changes of the policy that were tried and that fit, the smallest first."""
    beginnings: tuple[dict[str, Any], ...] = (
        {},
        {"rolling": {"batch_percent": 50}},
        {"linear": {"step_percent": 50}},
        {"strategy": Strategy.CANARY.value},
        {"strategy": Strategy.ALL_AT_ONCE.value},
    )
    for beginning in beginnings:
        changes = beginning
        for _ in range(_MOST_MENDS):
            changed = _change(policy, changes)
            found = _try(changed, chosen | _dotted(changes), conditions)
            if isinstance(found, Fitted):
                yield changes
                break
            mends = [_mend(reason, changed, conditions) for reason in found]
            if not all(mends):
                break
            for mend in mends:
                changes = _merge(changes, mend)


def _mend(reason: Reason, policy: Policy, conditions: Conditions) -> dict[str, Any]:
    """The change that removes a reason; None if only another strategy does."""
    match reason.code:
        case "alarms.faster-than-metrics":
            return {"alarms": {"period_seconds": conditions.published_every}}
        case "alarms.slower-than-bake":
            return _lengthen_bake(policy, conditions)
        case "timing.deadline-too-short":
            return {"deadline_seconds": None}
        case _:
            return {}


def _lengthen_bake(policy: Policy, conditions: Conditions) -> dict[str, Any]:
    alarms = policy.alarms
    period = max(alarms.period_seconds, conditions.published_every)
    bake_seconds = detection_seconds(period, alarms.evaluation_periods) + 1
    if bake_seconds > _LONGEST_BAKE_SECONDS:
        return {"alarms": {"period_seconds": conditions.published_every, "evaluation_periods": 1}}
    if policy.strategy is Strategy.ALL_AT_ONCE:
        return {"termination_wait_seconds": bake_seconds}
    return {policy.strategy.value: {"bake_seconds": bake_seconds}}


def _change(policy: Policy, changes: Mapping[str, Any]) -> Policy:
    return Policy.model_validate(_merge(policy.model_dump(mode="json"), changes))


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = _merge(under, value)
        else:
            merged[key] = value
    return merged


def _dotted(changes: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        f"{key}.{inner}" if inner else key
        for key, value in changes.items()
        for inner in (value if isinstance(value, dict) else ("",))
    )
