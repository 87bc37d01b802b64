"""PlanUpdate: fix every number before anything is touched, or refuse with all reasons at once."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.plan_update import plan_update
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Read everything that a plan needs, make it and record it with the checks behind it."""
    return answer(plan_update(payload.update_id))
