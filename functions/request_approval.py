"""RequestApproval: park the task token, and tell people how to answer."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel

from switchover.domain.answers import answer
from switchover.domain.outcome import Ending
from switchover.domain.update.approval import Gate
from switchover.steps.request_approval import request_approval
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """The update, the question and its time, and the token that the execution waits for."""

    update_id: str
    gate: Gate
    asked_at: AwareDatetime
    ending: Ending
    task_token: str
    plan_digest: str = ""


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Ask people. Every error has one of two names, because the state retries by error name."""
    return answer(
        request_approval(
            payload.update_id,
            payload.gate,
            payload.asked_at,
            payload.ending.reasons,
            payload.task_token,
            payload.plan_digest,
        )
    )
