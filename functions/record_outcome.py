"""RecordOutcome: derive the outcome from the serving config, clean up, and release the claim."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.domain.outcome import Ending
from switchover.steps.record_outcome import record_outcome
from switchover.steps.reopening import Execution
from switchover.telemetry import EndPayload
from switchover.telemetry import handler as lambda_handler


class Payload(EndPayload):
    """The update, its conclusion, and whether the capacity is restored.

    `awaits_landing` is missing in executions of older definitions, which have no verdict `landing`.
    """

    execution_arn: str
    ending: Ending
    capacity: str
    awaits_landing: bool = False


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Record the outcome first, then clean up: a retry finds the outcome and only cleans up."""
    execution = Execution(payload.execution_arn, payload.started_at, payload.request)
    return answer(
        record_outcome(
            payload.update_id,
            execution,
            payload.ending,
            payload.capacity,
            awaits_landing=payload.awaits_landing,
        )
    )
