"""StartQueued: somebody's time may have come, or somebody is gone for good; look who is next."""

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
    """A schedule or a person names the endpoint, an event has it inside; the clock means all."""

    model_config = ConfigDict(extra="ignore")

    endpoint: str | None = None
    detail: Detail = Detail()


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Look at each endpoint that is meant: a trigger says «look», never «start»."""
    ledger, queue = gateways.ledger(), gateways.queue()
    sagemaker, turns = gateways.sagemaker(), gateways.turns()
    named = payload.endpoint or payload.detail.endpoint
    everywhere = () if named else (*queue.endpoints(), *ledger.claimed_endpoints())
    found = {
        endpoint: turns.start_next(sagemaker.read(endpoint), waiting)
        for endpoint in ((named,) if named else dict.fromkeys(everywhere))
        if (waiting := queue.entries(endpoint)) or ledger.claim(endpoint)
    }
    return {"verdict": "looked" if found else "nobody_waits", "found": found}
