"""The outcome of an update whose own record can't be changed any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from switchover.domain.brevity import fit_reasons
from switchover.domain.outcome import Outcome
from switchover.domain.reasons import Reason
from switchover.domain.serving import Serving

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="ignore"))
class KeptEnd:
    """What is kept of an end beside the endpoint's claim. Without an outcome only who was told is known.

    `revision` is that of the update which took no change: once it takes one, it knows better.
    """

    revision: int = 0
    outcome: Outcome | None = None
    summary: str = ""
    reasons: tuple[Reason, ...] = ()
    ended_at: datetime | None = None
    serving_config: str = ""
    serving: Serving | None = None
    emitted: Outcome | None = None
    announced: Outcome | None = None


def add_end(update: Update, kept: KeptEnd) -> Update:
    """The update with what is kept of its end, and with who was told of that."""
    is_newest = kept.outcome is not None and kept.revision == update.record.revision
    if is_newest and update.outcome is None:
        update = replace(
            update,
            outcome=kept.outcome,
            summary=kept.summary,
            reasons=kept.reasons,
            ended_at=kept.ended_at,
            serving_config=kept.serving_config,
            serving=kept.serving,
        )
    if update.outcome is None:
        return update
    return update.told_of(
        emitted=update.outcome if kept.emitted is update.outcome else update.told.emitted,
        announced=update.outcome if kept.announced is update.outcome else update.told.announced,
    )


def end_of(update: Update) -> KeptEnd:
    """The end of an update, to be kept beside the endpoint's claim; bounded, as its own record isn't."""
    return KeptEnd(
        revision=update.record.revision,
        outcome=update.outcome,
        summary=update.summary,
        reasons=fit_reasons(update.reasons),
        ended_at=update.ended_at,
        serving_config=update.serving_config,
        serving=update.serving,
    )
