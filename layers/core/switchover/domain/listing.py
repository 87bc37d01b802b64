"""The short form of an update in the index, for lists and for planning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.outcome import Outcome
from switchover.domain.plans.experience import PastUpdate
from switchover.domain.update.history import past_of

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


class Listed(BaseModel):
    """One update in a list. `taught` is the measurement of a successful update."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    update_id: str
    version: str
    outcome: Outcome | None = None
    taught: PastUpdate | None = None


def list_update(update: Update) -> Listed:
    """The short form of an update, for lists."""
    return Listed(
        update_id=update.update_id,
        version=update.version,
        outcome=update.outcome,
        taught=past_of(update),
    )
