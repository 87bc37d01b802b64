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
    """The outcome of an update, kept beside its endpoint's claim. It may hold only who was notified.

    `revision` is that of the record that refused the change. A record with a later revision counts.
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
    """Add the kept outcome, and the notifications about it, to the update."""
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
    """Make the outcome that is kept beside the endpoint's claim. Its size is limited."""
    return KeptEnd(
        revision=update.record.revision,
        outcome=update.outcome,
        summary=update.summary,
        reasons=fit_reasons(update.reasons),
        ended_at=update.ended_at,
        serving_config=update.serving_config,
        serving=update.serving,
    )
