"""RestoreCapacity: put scaling and fleet size back as they were noted, where they are still ours."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.restore_capacity import restore_capacity
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Put back what can be; what a late request may still change is looked at again after it."""
    return answer(restore_capacity(payload.update_id))
