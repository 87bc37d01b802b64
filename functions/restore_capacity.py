"""RestoreCapacity: put scaling and fleet size back as they were noted, where they are still ours."""

from __future__ import annotations

from typing import Any

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.steps import wiring
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Put back what can be; what a late request may still change is looked at again after it."""
    update = gateways.ledger().find(payload.update_id)
    if update is None:
        return answer("untouched")
    verdict = wiring.restoring().restore(update)
    if verdict == "moving" or update.asked_at is None:
        return answer(verdict)
    now = gateways.sagemaker().read(update.endpoint).read_at
    return answer("landing" if update.has_request_under_way(now) else verdict)
