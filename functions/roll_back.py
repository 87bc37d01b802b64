"""RollBack: bring the previous config back, in the fastest safe way for the endpoint's state."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.domain.answers import answer
from switchover.domain.outcome import Ending
from switchover.steps.roll_back import roll_back
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """The update, and the conclusion that requires the rollback."""

    update_id: str
    ending: Ending


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Read, choose one move, note it, and make it. The state repeats until no move is left."""
    return answer(roll_back(payload.update_id, payload.ending))
