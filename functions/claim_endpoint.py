"""ClaimEndpoint: read the request, and take the claim of the endpoint or a place in the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from switchover.domain.answers import answer
from switchover.steps.claim_endpoint import claim_endpoint
from switchover.steps.reopening import Execution
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """`request` is the execution's input, unchecked."""

    execution_name: str
    execution_arn: str
    started_at: datetime
    request: Any = None


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Open an update or continue an earlier one, then take the claim or return all reasons against it."""
    return answer(
        claim_endpoint(
            payload.execution_name,
            Execution(payload.execution_arn, payload.started_at, payload.request),
        )
    )
