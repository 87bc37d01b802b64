"""StartUpdate: request the change from SageMaker, once, however often this state runs."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.start_update import start_update
from switchover.telemetry import PlannedPayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(PlannedPayload)
def handler(payload: PlannedPayload) -> dict[str, Any]:
    """Read, choose, note the course, then act. A lost answer's effect is found by the next reading."""
    return answer(start_update(payload.update_id, payload.plan_digest))
