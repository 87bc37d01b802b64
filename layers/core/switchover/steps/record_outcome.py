"""RecordOutcome: derives the outcome from the serving config, cleans up, and releases the claim."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.domain.answers import StateAnswer
from switchover.domain.errors import LedgerRefused, NoAnswer
from switchover.domain.fleet import EndpointReading
from switchover.domain.lost import Leftovers, conclude_lost, tell_leftovers
from switchover.domain.marks import mark_after
from switchover.domain.outcome import (
    TAKEN_UP,
    Conclusion,
    Outcome,
    conclude,
    is_restored,
    leaves_queue,
)
from switchover.domain.queueing import order_of_update, rank_again
from switchover.domain.recovering import is_way_back_cut_off
from switchover.domain.serving import serving_of
from switchover.domain.update.records import Moment
from switchover.steps import wiring

if TYPE_CHECKING:
    from switchover.aws.ledger import Ledger
    from switchover.aws.queue import Queue
    from switchover.aws.watched_alarms import WatchedAlarms
    from switchover.aws.wishes import Wishes
    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.outcome import Ending
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.steps.endpoint_changes import EndpointChanges
    from switchover.steps.leftovers import Finder
    from switchover.steps.ownership import Ownership
    from switchover.steps.reopening import Execution


class RecordOutcomeAnswer(StrEnum):
    """The name of the outcome, or LANDING: a late request may still land, so there is no outcome yet."""

    LANDING = "landing"
    UPDATED = Outcome.UPDATED
    ROLLED_BACK = Outcome.ROLLED_BACK
    REJECTED = Outcome.REJECTED
    QUEUED = Outcome.QUEUED
    SUPERSEDED = Outcome.SUPERSEDED
    NEEDS_OPERATOR = Outcome.NEEDS_OPERATOR


def record_outcome(
    update_id: str, execution: Execution, ending: Ending, capacity: str, *, awaits_landing: bool
) -> StateAnswer[RecordOutcomeAnswer]:
    """Record the outcome first, then clean up: a retry finds the outcome and only cleans up.

    If the capacity could not be restored, the outcome is recorded after every open request has landed.

    Raises:
        NoAnswer: a request may still land, and this state can wait only by retries.
    """
    found = gateways.ledger().find(update_id) or wiring.reopening().reopen(
        update_id, execution.arn, execution.request, execution.started_at
    )
    reopens = leaves_queue(found.outcome, ending)
    try:
        update = wiring.ownership().take_up(found, execution.arn, reopens=reopens)
    except LedgerRefused:
        # The ledger refuses changes of this item. The update ends all the same.
        update = found
    if update is None:
        return _told(TAKEN_UP)
    endpoint, endings = gateways.sagemaker().read(update.endpoint), _endings()
    is_capacity_restored = is_restored(capacity)
    is_under_way = update.has_request_under_way(endpoint.read_at)
    if update.outcome is None and not is_capacity_restored and is_under_way:
        if not awaits_landing:
            raise NoAnswer("a request of RestoreCapacity may still land")
        return StateAnswer(RecordOutcomeAnswer.LANDING)
    recorded = endings.record(update, ending, endpoint, is_capacity_restored=is_capacity_restored)
    endings.clear(recorded, endpoint)
    return _told(Conclusion.model_validate(recorded, from_attributes=True))


def _told(conclusion: Conclusion) -> StateAnswer[RecordOutcomeAnswer]:
    carried = conclusion.model_dump(mode="json", include={"outcome", "summary"})
    return StateAnswer(RecordOutcomeAnswer(conclusion.outcome), conclusion.reasons, carried)


def _endings() -> Endings:
    return Endings(
        gateways.ledger(),
        gateways.queue(),
        wiring.endpoint_changes(),
        wiring.ownership(),
        gateways.watched_alarms(),
        gateways.wishes(),
        wiring.leftovers(),
    )


class Endings:
    """Records the outcome and cleans up. Each part is safe to repeat."""

    def __init__(
        self,
        ledger: Ledger,
        queue: Queue,
        acts: EndpointChanges,
        carrying: Ownership,
        watched_alarms: WatchedAlarms,
        wishes: Wishes,
        leftovers: Finder,
    ) -> None:
        self._ledger = ledger
        self._queue = queue
        self._acts = acts
        self._carrying = carrying
        self._watched_alarms = watched_alarms
        self._wishes = wishes
        self._leftovers = leftovers

    def record(
        self,
        update: Update,
        ending: Ending,
        endpoint: EndpointReading | Absent,
        *,
        is_capacity_restored: bool,
    ) -> Update:
        """Derive the outcome from the serving config; an outcome that is already recorded stays."""
        if update.outcome is not None:
            return self._tell_leftovers(update, endpoint)
        if ending.verdict == "queued":
            # A newer update may have replaced this one since it joined the queue; then it ends now.
            waiting = self._queue.entries(update.endpoint)
            standing = self._ledger.standing(update.endpoint)
            ending = rank_again(update, ending, waiting, standing, endpoint.read_at)
        left = self._leftovers.find(update, endpoint) if update.record.is_reopened else Leftovers()
        conclusion = (
            conclude_lost(update, endpoint, left)
            if left.is_any
            else conclude(
                ending,
                update.plan,
                endpoint,
                was_started=update.progress.is_started,
                is_mixed=update.way_back.is_mixed,
                is_capacity_restored=is_capacity_restored,
                noted=update.capacity.snapshot,
                left=update.capacity.left_to_others,
                cause=update.way_back.cause,
            )
        )
        reasons = _each_once(
            *conclusion.reasons,
            *(update.way_back.faults if conclusion.outcome is Outcome.NEEDS_OPERATOR else ()),
            *update.capacity.left_to_others,
        )
        serving = serving_of(endpoint, update.plan)
        concluded = update.concluded(conclusion.outcome, conclusion.summary, reasons)
        recorded = self._ledger.settle(concluded.ended(endpoint.read_at, serving))
        text = conclusion.summary
        self._ledger.add_moment(
            recorded, Moment(at=endpoint.read_at, state="RecordOutcome", text=text)
        )
        self._tell_what_came_too_late(recorded)
        return recorded

    def _tell_leftovers(self, update: Update, endpoint: EndpointReading | Absent) -> Update:
        """Add the leftovers of an update whose record could not be read, before people are notified."""
        if not update.is_stand_in or update.told.announced is not None:
            return update
        left = tell_leftovers(update.endpoint, self._leftovers.find(update, endpoint))
        reasons = _each_once(*update.reasons, *left)
        return (
            update
            if reasons == update.reasons
            else self._ledger.save(update.with_reasons(*reasons))
        )

    def _tell_what_came_too_late(self, update: Update) -> None:
        """Report a request to abort that came after the update was confirmed."""
        if update.outcome is not Outcome.UPDATED:
            return
        asked = self._wishes.find_abort(update)
        if asked is not None:
            text = f"{asked.told} The request came too late: the update was already confirmed."
            self._ledger.add_moment(update, Moment(at=asked.at, state="Abort", text=text))

    def clear(self, update: Update, endpoint: EndpointReading | Absent) -> None:
        """Remove the update's resources, mark its version if it was bad, and release the claim last."""
        self._acts.clear(update, endpoint)
        if update.is_stand_in:
            self._leftovers.clear(update, endpoint)
        self._watched_alarms.leave(update)
        if update.outcome is not Outcome.QUEUED:
            self._queue.remove(update.endpoint, order_of_update(update))
        mark = mark_after(update)
        if mark is not None:
            self._wishes.add_mark(mark)
        is_unsettled = update.waits_for(serving_of(endpoint, update.plan))
        if not is_unsettled and not is_way_back_cut_off(update):
            # Otherwise the claim stays until SageMaker has settled: StartQueued or the next update
            # then recovers.
            self._carrying.give_claim_back(update)


def _each_once(*reasons: Reason) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))
