"""StartQueued: somebody's time may have come, or somebody is gone for good; look who is next."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from switchover.aws import gateways
from switchover.aws.sweep import visit_each
from switchover.telemetry import handler as lambda_handler

_NOBODY = "nobody_waits"


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
    named = payload.endpoint or payload.detail.endpoint
    meant = (named,) if named else dict.fromkeys(_everywhere())
    found = visit_each(meant, _look)
    has_found = any(each != _NOBODY for each in found.values())
    return {"verdict": "looked" if has_found else _NOBODY, "found": found}


def _everywhere() -> tuple[str, ...]:
    return (*gateways.queue().endpoints(), *gateways.ledger().claimed_endpoints())


def _look(endpoint: str) -> str:
    waiting = gateways.queue().entries(endpoint)
    if not waiting and gateways.ledger().claim(endpoint) is None:
        return _NOBODY
    return gateways.turns().start_next(gateways.sagemaker().read(endpoint), waiting)
