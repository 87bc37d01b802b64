"""WriteReport: keep how the update went as a page that can be attached to a change."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.write_report import write_report
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Write the report of an update that has ended."""
    return answer(write_report(payload.update_id))
