"""AwaitOutcome and its kin: park the token, look once, answer at once if it is settled."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.domain.answers import answer
from switchover.domain.observing import Purpose
from switchover.steps.observe_update import observe_update
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """Which update, what it waits for, and the token by which it is woken."""

    update_id: str
    purpose: Purpose
    task_token: str


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Parked before looked at: what happens after the look finds a token to wake."""
    return answer(observe_update(payload.update_id, payload.purpose, payload.task_token))
