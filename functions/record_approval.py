"""RecordApproval: record who answered, when and why, and decide whether the update continues."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.domain.answers import answer
from switchover.domain.approvals.decision import Replied
from switchover.domain.update.approval import Gate
from switchover.steps.record_approval import record_approval
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """The update, the question, and how the wait for an answer ended."""

    update_id: str
    gate: Gate
    reply: Replied
    plan_digest: str = ""


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Record the answer; a retry finds it recorded. After a promotion the watch begins at the answer."""
    return answer(
        record_approval(payload.update_id, payload.gate, payload.reply, payload.plan_digest)
    )
