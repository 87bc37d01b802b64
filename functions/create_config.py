"""CreateConfig: the new model and config, cloned from the live ones."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.create_config import create_config
from switchover.telemetry import PlannedPayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(PlannedPayload)
def handler(payload: PlannedPayload) -> dict[str, Any]:
    """Create the planned model and config if files and plan are unchanged. A rollback creates nothing."""
    return answer(create_config(payload.update_id, payload.plan_digest))
