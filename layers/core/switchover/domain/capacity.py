"""Decides which capacity settings to restore after an update: only those that the update changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from switchover.domain.fleet import ScalingReading, has_other_size
from switchover.domain.reasons import Reason
from switchover.domain.scaling_parts import BOUNDS, restore_scaling

if TYPE_CHECKING:
    from switchover.domain.fleet import Absent, CapacitySnapshot, EndpointReading
    from switchover.domain.plans.plan import Plan


@dataclass(frozen=True, slots=True)
class Restoration:
    """The settings to restore, and in words the changes that others made meanwhile.

    `target` is the request for RegisterScalableTarget, None if the target is right. Policies and
    scheduled actions are those to create again. `instances` is the size to restore, None if the fleet
    keeps its size. `is_out_of_reach`: the size differs from before, and SageMaker resizes no endpoint
    in this state. `astray` are alarms whose action is a deleted policy.
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
        """Whether any part of the scaling has to be restored."""
        return bool(self.target or self.policies or self.scheduled_actions)

    @property
    def told(self) -> str:
        """The sentence for the timeline."""
        others = f"Kept as others set it: {', '.join(self.others)}." if self.others else ""
        astray = f"Needs a new action: {', '.join(self.astray)}." if self.astray else ""
        return " ".join(filter(None, (others, astray)))


def plan_restoration(
    noted: CapacitySnapshot,
    found: ScalingReading,
    endpoint: EndpointReading | Absent,
    plan: Plan,
    *,
    is_recreated: bool,
) -> Restoration:
    """Decide which parts of an endpoint's scaling and size to restore.

    `is_recreated` says that the update deleted the endpoint, and with it all scaling (rules §3). Then
    the missing parts weren't removed by others.
    """
    before, now = _plain(noted.scaling), _plain(found)
    if before.target is None:
        others = ("a scalable target was registered",) if now.target else ()
        kept = Restoration(others=others)
    elif now.target is None and not is_recreated:
        kept = Restoration(others=("the scalable target was deregistered",))
    else:
        parts = restore_scaling(before, now, plan.capacity.during, is_recreated=is_recreated)
        kept = Restoration(
            target=parts.target,
            policies=parts.policies,
            scheduled_actions=parts.scheduled_actions,
            others=parts.others,
            astray=_find_astray(before) if is_recreated else (),
        )
    return _restore_size(kept, noted.desired_instances, before, now, endpoint, plan)


def tell_left(endpoint: str, restoration: Restoration) -> tuple[Reason, ...]:
    """Tell people which changes of theirs stay, and which parts only they can repair."""
    subject = f"endpoint {endpoint}"
    changed = (
        Reason(
            code="capacity.changed-by-others",
            subject=subject,
            message=f"{change} while the update ran; this change was kept.",
            remedy="Nothing, if you want this setting.",
        )
        for change in restoration.others
    )
    astray = (
        Reason(
            code="capacity.alarms-astray",
            subject=subject,
            message=f"its step-scaling policy was created again with a new ARN that {name} doesn't call.",
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
    """The size that the fleet had, unless others chose another size or bounds that exclude it.

    After a redeploy the size is always the update's own: a deleted endpoint can't be resized by others.
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
        key: bounds[key] for key in BOUNDS if bounds.get(key, known.get(key)) != known.get(key)
    }
    wanted = max(noted_instances, theirs.get("MinCapacity", noted_instances))
    wanted = min(wanted, theirs.get("MaxCapacity", wanted))
    return replace(kept, instances=None if wanted == found_instances else wanted)


def _find_astray(before: ScalingReading) -> tuple[str, ...]:
    """The alarms of step scaling, which call a policy by ARN: a policy created again has a new ARN.

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


def _plain(reading: ScalingReading) -> ScalingReading:
    """A value in the form that the ledger returns, so that times and numbers can be compared."""
    return ScalingReading.model_validate_json(reading.model_dump_json())
