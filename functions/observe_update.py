"""ObserveUpdate: park the token, observe once, and answer immediately if the change is settled."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.domain.answers import answer
from switchover.domain.observing import Purpose
from switchover.steps.observe_update import observe_update
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """The update, what its execution waits for, and the token that wakes the execution."""

    update_id: str
    purpose: Purpose
    task_token: str


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """The token is parked before the observation, so that an event after the observation finds it."""
    return answer(observe_update(payload.update_id, payload.purpose, payload.task_token))
