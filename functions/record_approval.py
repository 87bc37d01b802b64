"""RecordApproval: keep who answered, when and why; say whether the update goes on."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.domain.answers import answer
from switchover.domain.approvals.decision import Replied
from switchover.domain.update.approval import Gate
from switchover.steps.record_approval import record_approval
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """Which update, what was asked, and how the wait for an answer ended."""

    update_id: str
    gate: Gate
    reply: Replied
    plan_digest: str = ""


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """A repeat finds what was recorded. What may stay is watched from the answer on."""
    return answer(
        record_approval(payload.update_id, payload.gate, payload.reply, payload.plan_digest)
    )
