"""Decides which parts of an endpoint's scaling to restore: target, policies, scheduled actions.

Three values decide about each field: the value before the update, the value that the update set, and
the current value. A field is restored only if it still has the value that the update set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.fleet import ScalingReading

# The parameters of the update calls in the installed API. Other fields of a description are set by AWS.
_POLICY_FIELDS = (
    "PolicyName",
    "ServiceNamespace",
    "ResourceId",
    "ScalableDimension",
    "PolicyType",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
)
_ACTION_FIELDS = (
    "ServiceNamespace",
    "Schedule",
    "Timezone",
    "ScheduledActionName",
    "ResourceId",
    "ScalableDimension",
    "StartTime",
    "EndTime",
    "ScalableTargetAction",
)
BOUNDS = ("MinCapacity", "MaxCapacity")
SUSPENSIONS = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)


@dataclass(frozen=True, slots=True)
class ScalingParts:
    """The parts of the scaling to restore, and in words the changes that others made meanwhile.

    `target` is the request for RegisterScalableTarget, None if the target is right. Policies and
    scheduled actions are those to create again.
    """

    target: dict[str, Any] | None = None
    policies: tuple[dict[str, Any], ...] = ()
    scheduled_actions: tuple[dict[str, Any], ...] = ()
    others: tuple[str, ...] = ()


def protection(during: tuple[int, int] | None) -> dict[str, Any]:
    """The request for RegisterScalableTarget before an update: scaling suspended, bounds if asked."""
    bounds = dict(zip(BOUNDS, during, strict=True)) if during else {}
    return {**bounds, "SuspendedState": dict.fromkeys(SUSPENSIONS, True)}


def restore_scaling(
    before: ScalingReading,
    now: ScalingReading,
    during: tuple[int, int] | None,
    *,
    is_recreated: bool,
) -> ScalingParts:
    """Decide field by field which parts of an endpoint's scaling to restore.

    `during` are the bounds that the update set, if it set any.
    """
    target, others = _restore_target(before.target or {}, now.target, during)
    policies, changed_policies = _restore_named(
        before.policies, now.policies, "PolicyName", _POLICY_FIELDS, is_recreated=is_recreated
    )
    actions, changed_actions = _restore_named(
        before.scheduled_actions,
        now.scheduled_actions,
        "ScheduledActionName",
        _ACTION_FIELDS,
        is_recreated=is_recreated,
    )
    return ScalingParts(
        target=target,
        policies=policies,
        scheduled_actions=actions,
        others=(
            *others,
            *(f"scaling policy {name} was {how}" for name, how in changed_policies),
            *(f"scheduled action {name} was {how}" for name, how in changed_actions),
        ),
    )


def _restore_target(
    noted: dict[str, Any], found: dict[str, Any] | None, during: tuple[int, int] | None
) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    before = _fields(noted)
    if found is None:
        return _request(before, {}), ()
    now = _fields(found)
    ours = {**before, **_fields(protection(during))}
    wanted = {
        key: before[key] if now[key] in (before[key], ours[key]) else now[key] for key in before
    }
    if wanted["MinCapacity"] > wanted["MaxCapacity"]:
        # Others changed one bound, and it contradicts the old value of the other bound: both stay.
        wanted |= {key: now[key] for key in BOUNDS}
    others = tuple(
        f"{key} was set to {now[key]} (before: {before[key]})"
        for key in before
        if wanted[key] != before[key]
    )
    return (None if wanted == now else _request(wanted, now)), others


def _fields(target: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds and suspensions in one mapping. The API may omit an activity that isn't suspended."""
    suspended = target.get("SuspendedState") or {}
    bounds = {key: target[key] for key in BOUNDS if key in target}
    return {**bounds, **{key: bool(suspended.get(key, False)) for key in SUSPENSIONS}}


def _request(wanted: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Only the differing fields, so that other callers' values aren't overwritten.

    All suspensions are sent together: the effect on an omitted one is undocumented.
    """
    bounds = {key: wanted[key] for key in BOUNDS if wanted[key] != now.get(key)}
    suspended = {key: wanted[key] for key in SUSPENSIONS}
    is_other = any(suspended[key] != now.get(key) for key in SUSPENSIONS)
    return {**bounds, **({"SuspendedState": suspended} if is_other else {})}


def _restore_named(
    noted: tuple[dict[str, Any], ...],
    found: tuple[dict[str, Any], ...],
    name_key: str,
    fields: tuple[str, ...],
    *,
    is_recreated: bool,
) -> tuple[tuple[dict[str, Any], ...], tuple[tuple[str, str], ...]]:
    """The parts of a kind to create again, and the parts that others removed, changed or added."""
    before = {each[name_key]: _only(each, fields) for each in noted}
    now = {each[name_key]: _only(each, fields) for each in found}
    missing = [name for name in before if name not in now]
    again = tuple(before[name] for name in missing) if is_recreated else ()
    removed = [] if is_recreated else missing
    return again, (
        *((name, "removed") for name in removed),
        *((name, "changed") for name in now if name in before and now[name] != before[name]),
        *((name, "added") for name in now if name not in before),
    )


def _only(described: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {key: described[key] for key in fields if key in described}
