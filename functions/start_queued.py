"""StartQueued: somebody's time may have come, or somebody is gone for good; look who is next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from switchover.steps import wiring
from switchover.steps.rounds import NOBODY
from switchover.telemetry import handler as lambda_handler


class Detail(BaseModel):
    """What one of Switchover's own events says of the endpoint that it is about."""

    model_config = ConfigDict(extra="ignore")

    endpoint: str | None = None


class Payload(BaseModel):
    """A schedule or a person names the endpoint, an event has it inside; the clock means all."""

    model_config = ConfigDict(extra="ignore")

    endpoint: str | None = None
    time: datetime | None = None
    detail: Detail = Detail()


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Look at each endpoint that is meant: a trigger says «look», never «start»."""
    named, rounds = payload.endpoint or payload.detail.endpoint, wiring.rounds()
    found = {named: rounds.look(named)} if named else rounds.go(payload.time)
    has_found = any(each != NOBODY for each in found.values())
    return {"verdict": "looked" if has_found else NOBODY, "found": found}
