"""Announce: notify people and machines of the outcome."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.domain.outcome import Conclusion
from switchover.domain.report.place import ReportPlace
from switchover.steps.announce import announce
from switchover.steps.reopening import Execution
from switchover.telemetry import EndPayload
from switchover.telemetry import handler as lambda_handler


class Payload(EndPayload):
    """The update, its conclusion and report, and the execution that reached the conclusion.

    `report` is missing in executions of older definitions, which write none.
    """

    conclusion: Conclusion
    report: ReportPlace | None = None


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Notify machines and people, each once. On a retry, only those not yet notified are notified."""
    return answer(
        announce(
            payload.update_id,
            payload.conclusion,
            Execution(payload.execution_arn, payload.started_at, payload.request),
            payload.report,
        )
    )
