"""Announce: tell people and machines how it went."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.domain.outcome import Conclusion
from switchover.steps.announce import announce
from switchover.steps.reopening import Execution
from switchover.telemetry import EndPayload
from switchover.telemetry import handler as lambda_handler


class Payload(EndPayload):
    """Which update, its conclusion, and the execution that came to it."""

    conclusion: Conclusion


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Tell machines and people, each once: on a retry, only those are told who weren't yet."""
    return answer(
        announce(
            payload.update_id,
            payload.conclusion,
            Execution(payload.execution_arn, payload.started_at, payload.request),
        )
    )
