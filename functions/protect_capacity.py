"""ProtectCapacity: record the capacity, suspend scaling, and enlarge the fleet if the policy asks."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.protect_capacity import protect_capacity
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Record the settings that must be restored later, then change them."""
    return answer(protect_capacity(payload.update_id))
