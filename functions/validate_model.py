"""ValidateModel: check that every file of the release exists and is valid, without downloading it."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.validate_model import validate_model
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Record every fault of the files; PlanUpdate refuses them together with its own."""
    return answer(validate_model(payload.update_id))
