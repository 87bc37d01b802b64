"""PlanUpdate: fix every number before the first change, or refuse with all reasons together."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.plan_update import plan_update
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Read everything that a plan needs, make the plan, and record it with its checks."""
    return answer(plan_update(payload.update_id))
