"""Decides which capacity settings to restore after an update: its own, never those of others.

Three readings decide, field by field: what was noted before, what the update set, and what is there
now. Only a field that still holds what the update set is put back.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from switchover.domain.fleet import ScalingReading, has_other_size
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.fleet import Absent, CapacitySnapshot, EndpointReading
    from switchover.domain.plans.plan import Plan

# What the update calls are sent, by the installed API; the rest of a description is the service's own.
POLICY_FIELDS = (
    "PolicyName",
    "ServiceNamespace",
    "ResourceId",
    "ScalableDimension",
    "PolicyType",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
)
ACTION_FIELDS = (
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
# By the command of the AWS CLI that makes each again.
_PARTS = {
    "register-scalable-target": "scalable target",
    "put-scaling-policy": "scaling policy",
    "put-scheduled-action": "scheduled action",
}
_BOUNDS = ("MinCapacity", "MaxCapacity")
_SUSPENSIONS = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)


@dataclass(frozen=True, slots=True)
class Restoration:
    """What is put back, and what others changed meanwhile, in words.

    `target` is what RegisterScalableTarget is sent, None if it fits; policies and scheduled actions are
    those that have to be made again; `instances` is the size that the fleet is brought to, None if it
    keeps the one that it has. `is_out_of_reach` says that it has another one than before, and that
    SageMaker resizes no endpoint in that state. `astray` are alarms that call a policy that is gone.
    """

    target: dict[str, Any] | None = None
    policies: tuple[dict[str, Any], ...] = ()
    scheduled_actions: tuple[dict[str, Any], ...] = ()
    instances: int | None = None
    is_out_of_reach: bool = False
    others: tuple[str, ...] = ()
    astray: tuple[str, ...] = ()

    @property
    def asks_of_scaling(self) -> bool:
        """Whether anything of the scaling has to be put back."""
        return bool(self.target or self.policies or self.scheduled_actions)

    @property
    def told(self) -> str:
        """The sentence for the timeline."""
        others = f"Left as others set it: {', '.join(self.others)}." if self.others else ""
        astray = f"To be given a new action: {', '.join(self.astray)}." if self.astray else ""
        return " ".join(filter(None, (others, astray)))


def protection(during: tuple[int, int] | None) -> dict[str, Any]:
    """What RegisterScalableTarget is sent before an update: all scaling suspended, bounds if asked."""
    bounds = dict(zip(_BOUNDS, during, strict=True)) if during else {}
    return {**bounds, "SuspendedState": dict.fromkeys(_SUSPENSIONS, True)}


def plan_restoration(
    noted: CapacitySnapshot,
    found: ScalingReading,
    endpoint: EndpointReading | Absent,
    plan: Plan,
    *,
    is_recreated: bool,
) -> Restoration:
    """Decide what to put back of an endpoint's scaling and size.

    `is_recreated` says that the update deleted the endpoint, and with it all scaling (rules §3): then
    what is missing was not removed by anybody else.
    """
    before, now = _plain(noted.scaling), _plain(found)
    if before.target is None:
        others = ("a scalable target was registered",) if now.target else ()
        kept = Restoration(others=others)
    elif now.target is None and not is_recreated:
        kept = Restoration(others=("the scalable target was deregistered",))
    else:
        kept = _restore_scaling(before, now, plan.capacity.during, is_recreated=is_recreated)
        kept = replace(kept, astray=_find_astray(before) if is_recreated else ())
    return _restore_size(kept, noted.desired_instances, before, now, endpoint, plan)


def tell_left(endpoint: str, restoration: Restoration) -> tuple[Reason, ...]:
    """Tell people which changes of theirs stay, and which parts only they can repair."""
    subject = f"endpoint {endpoint}"
    changed = (
        Reason(
            code="capacity.changed-by-others",
            subject=subject,
            message=f"{change} while the update ran; it was left so.",
            remedy="Nothing, if that is how you want it.",
        )
        for change in restoration.others
    )
    astray = (
        Reason(
            code="capacity.alarms-astray",
            subject=subject,
            message=f"its step scaling was made again under another ARN, which {name} doesn't call.",
            remedy="Give the alarm the policy's new ARN (describe-scaling-policies) as its action.",
        )
        for name in restoration.astray
    )
    return (*changed, *astray)


def _restore_size(
    kept: Restoration,
    noted_instances: int,
    before: ScalingReading,
    now: ScalingReading,
    endpoint: EndpointReading | Absent,
    plan: Plan,
) -> Restoration:
    """The size that the fleet had, unless somebody else chose another, or bounds that it must fit.

    What a redeploy finds is always its own doing: nobody can resize an endpoint that isn't there.
    """
    if not (plan.changes_fleet_size and has_other_size(endpoint, noted_instances)):
        return kept
    if not plan.deployment.retain_capacity and endpoint.config_name == plan.target.config:
        return kept  # the size that the policy wants the new config to have
    if not endpoint.is_at_rest:
        return replace(kept, is_out_of_reach=True)
    found_instances = endpoint.variants[0].desired_instances
    is_ours = plan.deployment.request is None or found_instances in _own_sizes(plan)
    if not is_ours:
        told = f"the fleet's size was set to {found_instances} (before: {noted_instances})"
        return replace(kept, others=(*kept.others, told))
    bounds = {**(now.target or {}), **(kept.target or {})}
    known = before.target or {}
    theirs = {
        key: bounds[key] for key in _BOUNDS if bounds.get(key, known.get(key)) != known.get(key)
    }
    wanted = max(noted_instances, theirs.get("MinCapacity", noted_instances))
    wanted = min(wanted, theirs.get("MaxCapacity", wanted))
    return replace(kept, instances=None if wanted == found_instances else wanted)


def _find_astray(before: ScalingReading) -> tuple[str, ...]:
    """The alarms of step scaling: they call a policy by its ARN, and one that is made again has another.

    Target tracking makes its own alarms.
    """
    return tuple(
        alarm["AlarmName"]
        for policy in before.policies
        if policy.get("PolicyType") == "StepScaling"
        for alarm in policy.get("Alarms", ())
    )


def _own_sizes(plan: Plan) -> frozenset[int]:
    raised = {plan.capacity.during[0]} if plan.capacity.during else set()
    return frozenset({*raised, plan.deployment.pace.instances, plan.deployment.pace.old_instances})


def _restore_scaling(
    before: ScalingReading,
    now: ScalingReading,
    during: tuple[int, int] | None,
    *,
    is_recreated: bool,
) -> Restoration:
    target, others = _restore_target(before.target or {}, now.target, during)
    policies, changed_policies = _restore_named(
        before.policies, now.policies, "PolicyName", POLICY_FIELDS, is_recreated=is_recreated
    )
    actions, changed_actions = _restore_named(
        before.scheduled_actions,
        now.scheduled_actions,
        "ScheduledActionName",
        ACTION_FIELDS,
        is_recreated=is_recreated,
    )
    return Restoration(
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
        wanted |= {key: now[key] for key in _BOUNDS}
    others = tuple(
        f"{key} was set to {now[key]} (before: {before[key]})"
        for key in before
        if wanted[key] != before[key]
    )
    return (None if wanted == now else _request(wanted, now)), others


def _fields(target: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds and suspensions side by side; whatever isn't suspended may be left out by the API."""
    suspended = target.get("SuspendedState") or {}
    bounds = {key: target[key] for key in _BOUNDS if key in target}
    return {**bounds, **{key: bool(suspended.get(key, False)) for key in _SUSPENSIONS}}


def _request(wanted: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Only what differs, so that nothing is written over. Suspensions go together: what becomes of one
    that isn't named is not documented."""
    bounds = {key: wanted[key] for key in _BOUNDS if wanted[key] != now.get(key)}
    suspended = {key: wanted[key] for key in _SUSPENSIONS}
    is_other = any(suspended[key] != now.get(key) for key in _SUSPENSIONS)
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


def _plain(reading: ScalingReading) -> ScalingReading:
    """As it comes out of the ledger, so that times and numbers compare."""
    return ScalingReading.model_validate_json(reading.model_dump_json())


def policy_lost(endpoint: str, policy: str, why: str) -> Reason:
    """Tell a person how to restore a resource policy that was deleted with the old endpoint."""
    return Reason(
        code="endpoint.policy-lost",
        subject=f"endpoint {endpoint}: resource policy",
        message=f"it was deleted with the endpoint and could not be attached again: {why}.",
        remedy=(
            f"aws sagemaker put-endpoint-policy --endpoint-name {endpoint} --resource-policy"
            f" {shlex.quote(policy)}"
        ),
    )


def part_lost(endpoint: str, command: str, request: Mapping[str, Any], why: str) -> Reason:
    """Tell a person how to restore a part of an endpoint's scaling."""
    text = json.dumps(request, default=str)
    return Reason(
        code="capacity.not-restored",
        subject=f"endpoint {endpoint}: {_PARTS[command]}",
        message=f"could not be put back: {why.rstrip('.')}.",
        remedy=f"aws application-autoscaling {command} --cli-input-json {shlex.quote(text)}",
    )
