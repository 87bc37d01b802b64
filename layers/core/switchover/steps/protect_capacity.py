"""ProtectCapacity: records the capacity, suspends scaling, and enlarges the fleet if the policy asks."""

from __future__ import annotations

from enum import StrEnum

from switchover.aws import gateways
from switchover.domain.answers import StateAnswer
from switchover.domain.fleet import CapacitySnapshot, EndpointReading, is_being_resized
from switchover.domain.refusals import check_endpoint
from switchover.domain.verdict import course_of
from switchover.steps.asking import ask


class ProtectCapacityAnswer(StrEnum):
    """Whether the capacity is as planned, or still changing."""

    PROTECTED = "protected"
    MOVING = "moving"
    REFUSED = "refused"


def protect_capacity(update_id: str) -> StateAnswer[ProtectCapacityAnswer]:
    """Record the settings that must be restored later, then change them."""
    ledger, sagemaker, scaling = gateways.ledger(), gateways.sagemaker(), gateways.scaling()
    update = ledger.update(update_id)
    plan = update.planned
    endpoint = sagemaker.read(plan.endpoint)
    if plan.capacity.during and update.progress.course and is_being_resized(endpoint):
        # An earlier try requested the resize, and its answer was lost.
        return StateAnswer(ProtectCapacityAnswer.MOVING)
    if not isinstance(endpoint, EndpointReading) or not endpoint.variants:
        return StateAnswer(ProtectCapacityAnswer.REFUSED, tuple(check_endpoint(endpoint)))
    noted = update.capacity.snapshot
    if noted is None:
        noted = CapacitySnapshot(
            desired_instances=endpoint.variants[0].desired_instances,
            scaling=scaling.read(plan.endpoint, plan.destination.variant),
        )
    wanted = plan.capacity.during[0] if plan.capacity.during else 0
    has_room = endpoint.variants[0].desired_instances >= wanted
    course = (
        update.progress.course
        if has_room
        else course_of(plan.previous.config, endpoint, plan.overdue_seconds)
    )

    def protect() -> None:
        scaling.protect(
            plan.endpoint, plan.destination.variant, noted.scaling, plan.capacity.during
        )
        if not has_room:
            sagemaker.set_instances(plan.endpoint, plan.destination.variant, wanted)

    ask(ledger, update.protecting(noted, course), endpoint.read_at, protect)
    return StateAnswer(
        ProtectCapacityAnswer.PROTECTED if has_room else ProtectCapacityAnswer.MOVING
    )
