"""RollBack: bring the previous config back by the fastest safe way for the state that is found."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.domain.answers import answer
from switchover.domain.outcome import Ending
from switchover.steps.roll_back import roll_back
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """Which update, and what came to an end badly."""

    update_id: str
    ending: Ending


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Read, choose one move, note it, make it; the machine comes back until nothing is left to do."""
    return answer(roll_back(payload.update_id, payload.ending))
