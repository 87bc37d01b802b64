"""GuardBake: stand by one bake, and see to it that it proves something."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, BaseModel

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.steps import wiring
from switchover.telemetry import handler as lambda_handler

if TYPE_CHECKING:
    from collections.abc import Iterator

# Under the 900 s that a function may run, by the longest that one golden request may take, twice.
_LONGEST_SECONDS = 720


class Payload(BaseModel):
    """Which update's bake, by when it began."""

    update_id: str
    bake_since: AwareDatetime


def stand(payload: Payload) -> Iterator[float]:
    """Guard the bake; yields pauses, in seconds of SageMaker's time."""
    return wiring.bake_guard().stand(payload.update_id, payload.bake_since)


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Pause where the guard pauses; a guard that stands too long for one function calls another."""
    began = time.monotonic()
    for seconds in stand(payload):
        if time.monotonic() - began > _LONGEST_SECONDS:
            wiring.bake_guard().leave_post(payload.update_id, payload.bake_since)
            gateways.guards().call(payload.update_id, payload.bake_since)
            return answer("relieved")
        time.sleep(seconds)
    return answer("over")
