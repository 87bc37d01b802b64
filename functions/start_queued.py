"""StartQueued: check each claimed endpoint and each queue, and start the next update."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from switchover.domain.answers import answer
from switchover.steps.start_queued import start_queued
from switchover.telemetry import handler as lambda_handler


class Detail(BaseModel):
    """The detail of Switchover's own events: the endpoint."""

    model_config = ConfigDict(extra="ignore")

    endpoint: str | None = None


class Payload(BaseModel):
    """The endpoint: schedules and people name it, events hold it in `detail`, the timer names none."""

    model_config = ConfigDict(extra="ignore")

    endpoint: str | None = None
    time: datetime | None = None
    detail: Detail = Detail()


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Check the named endpoint, or every endpoint. A trigger asks for a check, never for a start."""
    return answer(start_queued(payload.endpoint or payload.detail.endpoint, payload.time))
