"""How an update ended, where its own record took no change any more."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.outcome import Outcome
from switchover.domain.reasons import Reason
from switchover.domain.serving import Serving

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


class Ended(BaseModel):
    """What is kept of an end beside the endpoint's claim. Without an outcome only who was told is known.

    `revision` is that of the update which took no change: once it takes one, it knows better.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    revision: int = 0
    outcome: Outcome | None = None
    summary: str = ""
    reasons: tuple[Reason, ...] = ()
    ended_at: datetime | None = None
    serving_config: str = ""
    serving: Serving | None = None
    emitted: Outcome | None = None
    announced: Outcome | None = None


_OF_END = ("outcome", "summary", "reasons", "ended_at", "serving_config", "serving")


def add_end(update: Update, kept: Ended) -> Update:
    """The update with what is kept of its end, and with who was told of that."""
    is_newest = kept.outcome is not None and kept.revision == update.revision
    if is_newest and update.outcome is None:
        update = update.model_copy(update={name: getattr(kept, name) for name in _OF_END})
    told = {
        noted: update.outcome
        for noted in ("emitted", "announced")
        if getattr(kept, noted) is update.outcome is not None
    }
    return update.model_copy(update=told)
