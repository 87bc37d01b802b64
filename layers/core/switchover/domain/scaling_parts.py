"""Decides which parts of an endpoint's scaling to put back: target, policies, scheduled actions.

Three readings decide, field by field: what was noted before, what the update set, and what is there
now. Only a field that still holds what the update set is put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.fleet import ScalingReading

# What the update calls are sent, by the installed API; the rest of a description is the service's own.
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
    """What is put back of the scaling, and what others changed meanwhile, in words.

    `target` is what RegisterScalableTarget is sent, None if it fits; policies and scheduled actions are
    those that have to be made again.
    """

    target: dict[str, Any] | None = None
    policies: tuple[dict[str, Any], ...] = ()
    scheduled_actions: tuple[dict[str, Any], ...] = ()
    others: tuple[str, ...] = ()


def protection(during: tuple[int, int] | None) -> dict[str, Any]:
    """What RegisterScalableTarget is sent before an update: all scaling suspended, bounds if asked."""
    bounds = dict(zip(BOUNDS, during, strict=True)) if during else {}
    return {**bounds, "SuspendedState": dict.fromkeys(SUSPENSIONS, True)}


def restore_scaling(
    before: ScalingReading,
    now: ScalingReading,
    during: tuple[int, int] | None,
    *,
    is_recreated: bool,
) -> ScalingParts:
    """Decide field by field what to put back of an endpoint's scaling.

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
        # One of the two is theirs and can't go with what the other was: they keep the pair.
        wanted |= {key: now[key] for key in BOUNDS}
    others = tuple(
        f"{key} was set to {now[key]} (before: {before[key]})"
        for key in before
        if wanted[key] != before[key]
    )
    return (None if wanted == now else _request(wanted, now)), others


def _fields(target: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds and suspensions side by side; whatever isn't suspended may be left out by the API."""
    suspended = target.get("SuspendedState") or {}
    bounds = {key: target[key] for key in BOUNDS if key in target}
    return {**bounds, **{key: bool(suspended.get(key, False)) for key in SUSPENSIONS}}


def _request(wanted: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Only what differs, so that nothing is written over. Suspensions go together: what becomes of one
    that isn't named is not documented."""
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
    """What of a kind has to be made again, and what others removed, changed or added."""
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
