"""Announce: tell people and machines how it went."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.aws import gateways
from switchover.domain.announcement import announce_outcome
from switchover.domain.outcome import Conclusion
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """Which update, and its conclusion."""

    update_id: str
    conclusion: Conclusion


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """The event first: it alone may be repeated without disturbing anyone."""
    ledger = gateways.ledger()
    update = ledger.update(payload.update_id)
    if update.is_announced:
        return {"verdict": "announced_before", "outcome": update.outcome}
    told = update
    if update.outcome is None:
        # RecordOutcome crashed; what the machine knows is told all the same.
        told = update.model_copy(
            update={"outcome": payload.conclusion.outcome, "summary": payload.conclusion.summary}
        )
    announcement, announcements = announce_outcome(told), gateways.announcements()
    announcements.emit(announcement)
    announcements.publish(announcement)
    ledger.save(update, is_announced=True)
    return {"verdict": "announced", "outcome": payload.conclusion.outcome}
