"""TestModel: send golden requests to the model, because an InService endpoint may serve a wrong one."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.test_model import test_model
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Send every golden request, then set the end of the watch after success."""
    return answer(test_model(payload.update_id))
