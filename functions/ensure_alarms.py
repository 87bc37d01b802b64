"""EnsureAlarms: create the endpoint's standing alarms and the alarms of this update."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.ensure_alarms import ensure_alarms
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Create every alarm of the plan, and register people's own alarms so that they wake the update."""
    return answer(ensure_alarms(payload.update_id))
