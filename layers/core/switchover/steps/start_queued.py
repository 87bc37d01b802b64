"""StartQueued: checks each claimed endpoint and each queue, and starts the next update."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.failures import AWS_FAILED
from switchover.domain.answers import StateAnswer
from switchover.explain.announcement import announce_given_up
from switchover.log import logger
from switchover.settings import settings
from switchover.steps import wiring
from switchover.steps.adopting import adopt_wished
from switchover.steps.clean_up import cleaning
from switchover.steps.queue_runner import GIVEN_UP
from switchover.steps.sweep import visit_in_time

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.aws.ledger import Ledger
    from switchover.aws.notifications import Announcements
    from switchover.aws.queue import Queue
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.wishes import Wishes
    from switchover.aws.workflow import Workflow
    from switchover.steps.clean_up import Cleaning
    from switchover.steps.queue_runner import QueueRunner

NOBODY = "nobody_waits"
# Part of the function's 50 s. If the calls of one endpoint hang, the next round begins after it.
_SECONDS = 30
_ADOPTING_SECONDS = 5


class StartQueuedAnswer(StrEnum):
    """Whether any update waited or held a claim."""

    LOOKED = "looked"
    NOBODY_WAITS = NOBODY


def start_queued(endpoint: str | None, now: datetime | None) -> StateAnswer[StartQueuedAnswer]:
    """Check the named endpoint, or every endpoint. A trigger asks for a check, never for a start."""
    rounds = _rounds()
    found = {endpoint: rounds.look(endpoint)} if endpoint else rounds.go(now)
    has_found = any(each != NOBODY for each in found.values())
    verdict = StartQueuedAnswer.LOOKED if has_found else StartQueuedAnswer.NOBODY_WAITS
    return StateAnswer(verdict, carried={"found": found})


def _rounds() -> Rounds:
    return Rounds(
        gateways.ledger(),
        gateways.queue(),
        gateways.workflow(),
        gateways.sagemaker(),
        wiring.queue_runner(),
        cleaning(),
        gateways.announcements(),
        gateways.wishes(),
        settings().machine_arn,
    )


class Rounds:
    """Checks one endpoint, or all endpoints one after another.

    400 claimed endpoints cost one read each and one listing of executions. Only an endpoint with a
    queue, or with an ended holder, is checked closely. A round continues where the previous round
    stopped.
    """

    def __init__(
        self,
        ledger: Ledger,
        queue: Queue,
        workflow: Workflow,
        sagemaker: SageMaker,
        turns: QueueRunner,
        cleaning: Cleaning,
        announcements: Announcements,
        wishes: Wishes,
        machine_arn: str,
    ) -> None:
        self._ledger = ledger
        self._queue = queue
        self._workflow = workflow
        self._sagemaker = sagemaker
        self._turns = turns
        self._cleaning = cleaning
        self._announcements = announcements
        self._wishes = wishes
        self._machine_arn = machine_arn

    def look(self, endpoint: str) -> str:
        """Start the next update of an endpoint, or a recovery if the claim's execution has ended.

        If no recovery could end an update, people are notified once.
        """
        waiting = self._queue.entries(endpoint)
        if not waiting and self._ledger.claim(endpoint) is None:
            return NOBODY
        found = self._turns.start_next(self._sagemaker.read(endpoint), waiting)
        holder = self._ledger.claim(endpoint) if found == GIVEN_UP else None
        if holder is not None:
            self._announcements.publish(announce_given_up(holder))
            self._ledger.note_given_up(endpoint, holder.update_id)
        return found

    def go(self, now: datetime | None) -> dict[str, str]:
        """Check every endpoint, the adoptions, and the executions that were stopped before `now`."""
        waited_for = frozenset(self._queue.endpoints())
        running = self._running()

        def look(endpoint: str) -> str:
            holder = self._ledger.claim(endpoint)
            if endpoint not in waited_for and holder and holder.execution_arn in running:
                return "busy"
            self._queue.keep_place(endpoint)  # first, in case this endpoint takes all of the time
            return self.look(endpoint)

        names = waited_for.union(self._ledger.claimed_endpoints())
        # Of one endpoint there is no order to keep.
        after = self._queue.place() if len(names) > 1 else ""
        found = visit_in_time(names, look, after=after, seconds=_SECONDS)
        if now is not None:
            self._adopt()
            self._finish_stopped(now)
        return found

    def _adopt(self) -> None:
        """Handle the wishes for adoption whose event was lost."""

        def adopt(endpoint: str) -> str:
            is_new = adopt_wished(endpoint, self._sagemaker, self._ledger, self._wishes)
            return "adopted" if is_new else "not_adopted"

        visit_in_time(self._wishes.open_adoptions(), adopt, after="", seconds=_ADOPTING_SECONDS)

    def _running(self) -> frozenset[str]:
        """The running executions; empty if they can't be listed, and then each is read by itself."""
        try:
            return self._workflow.running(self._machine_arn)
        except AWS_FAILED:
            logger().exception("the executions can't be listed")
            return frozenset()

    def _finish_stopped(self, now: datetime) -> None:
        stopped = {one.name: one for one in self._cleaning.find_stopped(now)}
        visit_in_time(
            stopped,
            lambda name: self._cleaning.clean_up(stopped[name]).verdict,
            after="",
            seconds=_SECONDS,
        )
