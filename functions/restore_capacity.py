"""RestoreCapacity: restore the scaling and the fleet size that the update changed."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.restore_capacity import restore_capacity
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Restore every part that can be restored. A part that a late request may change is checked again."""
    return answer(restore_capacity(payload.update_id))
