"""RestoreCapacity: put scaling and fleet size back as they were noted."""

from __future__ import annotations

from typing import Any

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.domain.fleet import has_other_size, is_being_resized
from switchover.domain.verdict import course_of
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Nothing was noted if nothing was changed; a fleet that is being resized is waited for."""
    ledger, sagemaker = gateways.ledger(), gateways.sagemaker()
    update = ledger.find(payload.update_id)
    if update is None or update.snapshot is None or update.plan is None:
        return answer("untouched")
    plan, noted = update.plan, update.snapshot
    endpoint = sagemaker.read(plan.endpoint)
    gateways.scaling().restore(plan.endpoint, plan.variant, noted.scaling)
    if plan.changes_fleet_size and is_being_resized(endpoint):
        return answer("moving")  # asked for by an earlier try, whose answer was lost
    if not (plan.changes_fleet_size and has_other_size(endpoint, noted.desired_instances)):
        return answer("restored")
    course = course_of(endpoint.config_name, endpoint, plan.overdue_seconds)
    ledger.save(update, course=course)
    sagemaker.set_instances(plan.endpoint, plan.variant, noted.desired_instances)
    return answer("moving")
