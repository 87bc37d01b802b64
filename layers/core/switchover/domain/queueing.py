"""Decides which update may claim an endpoint: one at a time, and no older release after a newer one.

Every execution that wants an endpoint reads, decides with `decide_turn`, acts, and reads again until
its act agrees with the new reading. Updates that may not continue wait in the queue, in the order in
which they were offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.joining import joined
from switchover.domain.outcome import RECOVERED, Ending
from switchover.domain.plans.plan import Kind
from switchover.domain.policies.choices import WhenBusy
from switchover.domain.queue_reasons import (
    being_cleaned_up,
    remedy_for_busy,
    starts_later,
    superseded_by,
    waits_behind,
)
from switchover.domain.refusals import claim_held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.domain.windows.window import StartTime

# DescribeExecution is eventually consistent (Step Functions API Reference): an execution that took
# its claim a moment ago may still be unknown, and must not count as ended.
SETTLING = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to update an endpoint; one holder at a time."""

    endpoint: str
    update_id: str
    execution_arn: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """The holder of an endpoint's claim, and the order of the newest holder ever; empty if none."""

    holder: Claim | None = None
    newest: str = ""


class Waiting(BaseModel):
    """An update that waits for its turn. `queued_by` is the execution that put it there.

    `when_busy` comes from its own policy: whether a newer waiting update replaces it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    update_id: str
    version: str
    offered_at: datetime
    not_before: datetime
    why: str
    queued_by: str
    when_busy: WhenBusy = WhenBusy.SUPERSEDE

    @property
    def order(self) -> str:
        """Its place among all updates that were offered for the endpoint."""
        return order_of(self.offered_at, self.update_id)


class Turn(StrEnum):
    """The next act of an update that wants its endpoint."""

    CLAIM = "claim"
    WAIT = "wait"
    RECOVER = "recover"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    GO_BACK = "go_back"  # as a recovery of an update that had begun to change the endpoint
    FINISH = "finish"  # as a recovery of an update that was confirmed
    REPEATED = "repeated"  # another execution continues the update


class ClaimVerdict(StrEnum):
    """The verdict that the state machine gets for a turn."""

    CLAIMED = "claimed"
    QUEUED = "queued"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    RECOVERED = RECOVERED
    FINISHED = "updated"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Decision:
    """A turn with its reason. `not_before` is set if the update waits."""

    turn: Turn
    reasons: tuple[Reason, ...] = ()
    not_before: datetime | None = None

    @property
    def verdict(self) -> ClaimVerdict:
        """The verdict for the state machine."""
        return _VERDICTS[self.turn]


_VERDICTS = {
    Turn.CLAIM: ClaimVerdict.CLAIMED,
    Turn.WAIT: ClaimVerdict.QUEUED,
    Turn.RECOVER: ClaimVerdict.QUEUED,
    Turn.SUPERSEDED: ClaimVerdict.SUPERSEDED,
    Turn.REJECTED: ClaimVerdict.REJECTED,
    Turn.GO_BACK: ClaimVerdict.RECOVERED,
    Turn.FINISH: ClaimVerdict.FINISHED,
    Turn.REPEATED: ClaimVerdict.REPEATED,
}


@dataclass(frozen=True, slots=True)
class Look:
    """All inputs of a decision, read at one time. `refusals` come from marks and pins.

    `granted` is the newest update that ever had the claim, if it requests the same and runs or was
    confirmed.
    """

    now: datetime
    standing: Standing
    is_holder_running: bool
    waiting: tuple[Waiting, ...]
    when_busy: WhenBusy
    start: StartTime | tuple[Reason, ...]
    refusals: tuple[Reason, ...] = ()
    granted: Update | None = None


def order_of(offered_at: datetime, update_id: str) -> str:
    """A text that sorts in the order of the offers. For equal times the name decides."""
    return f"{offered_at.astimezone(UTC).isoformat(timespec='microseconds')}#{update_id}"


def order_of_update(update: Update) -> str:
    """The place of an update among all updates that were offered for its endpoint."""
    return order_of(update.offered_at or update.started_at, update.update_id)


def takes_place(newer: Waiting, order: str, begins_at: datetime) -> bool:
    """Whether a waiting update replaces an older one, which may begin at `begins_at`.

    An update that is scheduled for later doesn't: the older one may run and end before that.
    """
    return newer.order > order and newer.not_before <= begins_at


def outranked(waiting: Sequence[Waiting], newest: str, now: datetime) -> tuple[Waiting, ...]:
    """The waiting updates that will end as Superseded, and can end now.

    `newest` is the order of the newest update that ever had the claim.
    """
    return tuple(one for one in waiting if _find_newer(one, waiting, newest, now))


def _find_newer(one: Waiting, waiting: Sequence[Waiting], newest: str, now: datetime) -> str:
    """The id of the newest update that replaces a waiting one; empty if none does."""
    if one.order < newest:
        return newest.partition("#")[2]
    if one.when_busy is WhenBusy.QUEUE:
        return ""
    return _newest_in_place(waiting, one.order, max(now, one.not_before))


def _newest_in_place(waiting: Sequence[Waiting], order: str, begins_at: datetime) -> str:
    newer = [other for other in waiting if takes_place(other, order, begins_at)]
    return newer[-1].update_id if newer else ""


def rank_again(
    update: Update, ending: Ending, waiting: Sequence[Waiting], standing: Standing, now: datetime
) -> Ending:
    """Say how an update that entered the queue ends: superseded if a newer one has come.

    The update then ends in its own execution, and no further execution is needed.
    """
    own = [one for one in waiting if one.update_id == update.update_id]
    newer = _find_newer(own[0], waiting, standing.newest, now) if own else ""
    if not newer:
        return ending
    return Ending(verdict="superseded", reasons=(superseded_by(update, newer),))


def is_abandoned(claim: Claim, now: datetime, *, is_running: bool) -> bool:
    """Whether a claim's execution has ended."""
    return not is_running and now - claim.claimed_at >= SETTLING


def decide_turn(update: Update, look: Look) -> Decision:
    """Say what an update may do now.

    A rollback never waits behind a release, because a person requests it against the serving version.
    """
    order = order_of_update(update)
    faults = look.start if isinstance(look.start, tuple) else ()
    if look.refusals:
        return Decision(Turn.REJECTED, (*look.refusals, *faults))
    newer = _newer(order, update, look)
    if newer:
        return Decision(Turn.SUPERSEDED, (superseded_by(update, newer),))
    if look.granted is not None and not _others(update, look):
        return Decision(Turn.SUPERSEDED, (joined(update, look.granted),))
    if isinstance(look.start, tuple):
        return Decision(Turn.REJECTED, look.start)
    if look.start.at > look.now:
        return Decision(Turn.WAIT, (starts_later(update, look.start),), look.start.at)
    holder = look.standing.holder
    if holder is not None and holder.execution_arn != update.execution_arn:
        return _behind_holder(update, holder, look)
    ahead = [one for one in look.waiting if one.order < order and one.not_before <= look.now]
    if ahead and look.when_busy is WhenBusy.QUEUE and update.kind is Kind.RELEASE:
        return Decision(Turn.WAIT, (waits_behind(update, ahead[0].update_id),), look.now)
    return Decision(Turn.CLAIM)


def _others(update: Update, look: Look) -> tuple[Waiting, ...]:
    """The other waiting updates: after one of them has run, the joined update no longer serves."""
    return tuple(one for one in look.waiting if one.update_id != update.update_id)


def _newer(order: str, update: Update, look: Look) -> str:
    """The id of the newer update that replaces this one; empty if none does."""
    if look.standing.newest > order:
        return look.standing.newest.partition("#")[2]
    if look.when_busy is WhenBusy.QUEUE or update.kind is not Kind.RELEASE:
        return ""
    start = look.start
    begins_at = look.now if isinstance(start, tuple) else max(look.now, start.at)
    return _newest_in_place(look.waiting, order, begins_at)


def _behind_holder(update: Update, holder: Claim, look: Look) -> Decision:
    if not is_abandoned(holder, look.now, is_running=look.is_holder_running):
        turn = Turn.WAIT
        if update.kind is Kind.ROLLBACK or look.when_busy is WhenBusy.REJECT:
            turn = Turn.REJECTED
        remedy = remedy_for_busy(update, waits=turn is Turn.WAIT)
        reason = claim_held(holder.endpoint, holder.update_id, remedy)
        return Decision(turn, (reason,), look.now if turn is Turn.WAIT else None)
    if holder.update_id == update.update_id:
        return Decision(Turn.CLAIM)  # an earlier execution of the same update
    return Decision(Turn.RECOVER, (being_cleaned_up(holder.endpoint, holder.update_id),), look.now)
