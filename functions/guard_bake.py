"""GuardBake: stand by one bake, and see to it that it proves something."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel

from switchover.domain.answers import answer
from switchover.steps.guard_bake import guard_bake
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """Which update's bake, by when it began."""

    update_id: str
    bake_since: AwareDatetime


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Pause where the guard pauses; a guard that stands too long for one function calls another."""
    return answer(guard_bake(payload.update_id, payload.bake_since))
