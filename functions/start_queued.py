"""StartQueued: somebody's time may have come, or somebody is gone for good; look who is next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from switchover.domain.answers import answer
from switchover.steps.start_queued import start_queued
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
    return answer(start_queued(payload.endpoint or payload.detail.endpoint, payload.time))
