"""RequestApproval: park the task token, and tell people how to answer it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.aws import gateways
from switchover.domain.announcement import announce_approval
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """Which update, and the token that its execution waits on."""

    update_id: str
    task_token: str


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Ask; whoever answers the token decides."""
    ledger = gateways.ledger()
    ledger.park_token(payload.update_id, payload.task_token, "approval")
    gateways.announcements().publish(announce_approval(ledger.update(payload.update_id)))
    return {"verdict": "asked"}
