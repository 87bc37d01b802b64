"""EnsureAlarms: the standing alarms of the endpoint, and those of this update alone."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.ensure_alarms import ensure_alarms
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Make every alarm of the plan exist as planned, and have people's own wake the update."""
    return answer(ensure_alarms(payload.update_id))
