"""StartQueued: somebody's time may have come; start whoever is next in the queue."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from switchover.aws import gateways
from switchover.telemetry import handler as lambda_handler


class Detail(BaseModel):
    """What one of Switchover's own events says of the endpoint that it is about."""

    model_config = ConfigDict(extra="ignore")

    endpoint: str | None = None


class Payload(BaseModel):
    """A schedule or a person names the endpoint, an event has it inside; none means all."""

    model_config = ConfigDict(extra="ignore")

    endpoint: str | None = None
    detail: Detail = Detail()


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Look into each queue that is meant: a trigger says «look», never «start»."""
    queue, sagemaker, turns = gateways.queue(), gateways.sagemaker(), gateways.turns()
    named = payload.endpoint or payload.detail.endpoint
    found = {
        endpoint: turns.start_next(endpoint, waiting, sagemaker.read(endpoint).read_at)
        for endpoint in ((named,) if named else queue.endpoints())
        if (waiting := queue.entries(endpoint))
    }
    return {"verdict": "looked" if found else "nobody_waits", "found": found}
