"""ProtectCapacity: note the capacity, keep scaling out of the way, raise the fleet if asked."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.protect_capacity import protect_capacity
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Record what will have to be put back before changing any of it."""
    return answer(protect_capacity(payload.update_id))
