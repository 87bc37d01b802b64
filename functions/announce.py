"""Announce: tell people and machines how it went."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.aws import gateways
from switchover.domain.outcome import Conclusion, Outcome
from switchover.domain.telling.announcement import announce_outcome
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """Which update, and its conclusion."""

    update_id: str
    conclusion: Conclusion


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Each is told once: what was told is noted at once, so that a repeat tells only who is left."""
    ledger = gateways.ledger()
    update = ledger.update(payload.update_id)
    outcome = update.outcome or payload.conclusion.outcome
    told = update
    if update.outcome is None:
        # RecordOutcome crashed, or another execution has taken the update up since; what this one
        # knows is told all the same.
        told = update.model_copy(update={"outcome": outcome, "summary": payload.conclusion.summary})
    announcement, announcements = announce_outcome(told), gateways.announcements()
    # The event also wakes the queue, each time; people needn't hear again that a release still waits.
    if update.emitted is not outcome or outcome is Outcome.QUEUED:
        announcements.emit(announcement)
        ledger.note_emitted(update.update_id, outcome)
    if update.announced is outcome:
        return {"verdict": "announced_before", "outcome": outcome}
    announcements.publish(announcement)
    ledger.note_announced(update.update_id, outcome)
    return {"verdict": "announced", "outcome": outcome}
