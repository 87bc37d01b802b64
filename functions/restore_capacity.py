"""RestoreCapacity: put scaling and fleet size back as they were noted, where they are still ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.domain.capacity import plan_restoration, policy_lost, tell_left
from switchover.domain.errors import CallRefused, EndpointBusy, EndpointNotFound
from switchover.domain.fleet import EndpointReading, is_being_resized
from switchover.domain.update import Moment
from switchover.domain.verdict import course_of, has_moved
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler

if TYPE_CHECKING:
    from switchover.aws.sagemaker import SageMaker
    from switchover.domain.fleet import Absent
    from switchover.domain.plans.plan import Plan
    from switchover.domain.reasons import Reason
    from switchover.domain.verdict import Course


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Nothing was noted if nothing was changed; a fleet that is being resized is waited for."""
    ledger, sagemaker, scaling = gateways.ledger(), gateways.sagemaker(), gateways.scaling()
    update = ledger.find(payload.update_id)
    if update is None or update.snapshot is None or update.plan is None:
        return answer("untouched")
    holder = ledger.claim(update.endpoint)
    if holder is None or holder.update_id != update.update_id:
        return answer("untouched")  # it was put back before, and is another update's by now
    plan, noted = update.plan, update.snapshot
    endpoint = sagemaker.read(plan.endpoint)
    restoration = plan_restoration(
        noted,
        scaling.read(plan.endpoint, plan.variant),
        endpoint,
        plan,
        is_recreated=update.is_started and plan.allows_downtime,
    )
    left = (*tell_left(plan.endpoint, restoration), *_restore_policy(plan, endpoint, sagemaker))
    if left != update.left_to_others:
        update = ledger.save(update, left_to_others=left)
        text = restoration.told
        ledger.add_moment(update, Moment(at=endpoint.read_at, state="RestoreCapacity", text=text))
    scaling.restore(plan.endpoint, plan.variant, restoration)
    if plan.changes_fleet_size and is_being_resized(endpoint):
        if not update.is_resize_asked:  # but by somebody else: no course that was noted is this one
            ledger.save(update, course=_course_at(endpoint, plan, was_seen_moving=True))
        return answer("moving")
    if restoration.is_out_of_reach:
        return answer("missed")
    if restoration.instances is None or not isinstance(endpoint, EndpointReading):
        return answer("restored")
    if update.is_resize_asked and update.course and has_moved(endpoint, update.course):
        # Once is enough: autoscaling, which works again, may want another size than the noted one.
        return answer("restored" if noted.scaling.target else "missed")
    ledger.save(update, course=_course_at(endpoint, plan), is_resize_asked=True)
    sagemaker.set_instances(plan.endpoint, plan.variant, restoration.instances)
    return answer("moving")


def _restore_policy(
    plan: Plan, endpoint: EndpointReading | Absent, sagemaker: SageMaker
) -> tuple[Reason, ...]:
    """Attach the resource policy that went with the old endpoint; another one since then stays."""
    policy = plan.endpoint_policy
    if policy is None or not isinstance(endpoint, EndpointReading):
        return ()
    try:
        if sagemaker.endpoint_policy(plan.endpoint) is None:
            sagemaker.put_endpoint_policy(plan.endpoint, policy)
    except (CallRefused, EndpointBusy, EndpointNotFound) as refusal:
        return (policy_lost(plan.endpoint, policy, str(refusal)),)
    return ()


def _course_at(endpoint: EndpointReading, plan: Plan, *, was_seen_moving: bool = False) -> Course:
    """A fleet changes its size, and the config that serves stays."""
    return course_of(
        endpoint.config_name, endpoint, plan.overdue_seconds, was_seen_moving=was_seen_moving
    )
