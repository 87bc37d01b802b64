"""CreateConfig: the new model and config, cloned from the live ones."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.create_config import create_config
from switchover.telemetry import PlannedPayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(PlannedPayload)
def handler(payload: PlannedPayload) -> dict[str, Any]:
    """Create what the plan says, if it is still made of what was checked; a rollback's config exists."""
    return answer(create_config(payload.update_id, payload.plan_digest))
