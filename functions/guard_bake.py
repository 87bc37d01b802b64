"""GuardBake: look at a bake once, so that the bake doesn't pass with too few requests."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel

from switchover.domain.answers import answer
from switchover.steps.guard_bake import guard_bake
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """The update and the start of its bake. `is_paced`: a state machine waits between the looks."""

    update_id: str
    bake_since: AwareDatetime
    is_paced: bool = False


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Look once, and return when the next look is due."""
    return answer(guard_bake(payload.update_id, payload.bake_since, is_paced=payload.is_paced))
