"""The queue runner: starts the next of the waiting updates."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from switchover.domain.naming import execution_arn, execution_name, resume_name
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import is_abandoned, order_of_update, outranked
from switchover.domain.serving import serving_of

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.aws.ledger import Ledger
    from switchover.aws.queue import Queue
    from switchover.aws.schedules import Schedules
    from switchover.aws.workflow import Workflow
    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.queueing import Waiting
    from switchover.domain.update.update import Update
    from switchover.steps.reopening import Reopening

_AT_ONCE = 3  # each of them sends an event at its end, and the event starts the next ones
# The end of an update wakes the queue immediately; this is in case that event is lost.
_LOOK_AGAIN = timedelta(minutes=10)
GIVEN_UP = "given_up"  # no recovery will follow, and people aren't notified yet


class QueueRunner:
    """Starts an execution for the next waiting update, and schedules the next look at the queue."""

    def __init__(
        self,
        ledger: Ledger,
        queue: Queue,
        workflow: Workflow,
        schedules: Schedules,
        reopening: Reopening,
        machine_arn: str,
    ) -> None:
        self._ledger = ledger
        self._queue = queue
        self._workflow = workflow
        self._schedules = schedules
        self._reopening = reopening
        self._machine_arn = machine_arn

    def put(self, waiting: Waiting, now: datetime) -> None:
        """Put an update into the queue, with a schedule that starts the next look at the queue."""
        self._queue.put(waiting)
        self._wake((waiting,), now)

    def start_next(self, endpoint: EndpointReading | Absent, waiting: tuple[Waiting, ...]) -> str:
        """Start the next update that waits for an endpoint, if one may begin; returns what was found.

        This function only selects an update. The started execution itself decides whether it may run, so
        nothing is lost if a trigger comes twice, late or at the same time as another.
        """
        now = endpoint.read_at
        standing = self._ledger.standing(endpoint.name)
        self.make_way(waiting, standing.newest, now)
        gone = outranked(waiting, standing.newest, now)
        others = [one for one in waiting if one not in gone]
        self._wake(others, now)
        holder = standing.holder
        if holder is not None:
            is_running = self._workflow.is_running(holder.execution_arn)
            if not is_abandoned(holder, now, is_running=is_running):
                return "busy"
            held_for = self._ledger.find(holder.update_id)
            if held_for is not None and held_for.waits_for(serving_of(endpoint, None)):
                return "unsettled"
            self.recover(endpoint.name, holder.update_id, holder.execution_arn, now)
            past = self._ledger.recoveries(endpoint.name, holder.update_id)
            return GIVEN_UP if past.is_given_up(now) and not past.is_told else "recovering"
        due = (one for one in others if one.not_before <= now)
        return "started" if any(self._take_up(one, now) for one in due) else "not_yet"

    def make_way(self, waiting: tuple[Waiting, ...], newest: str, now: datetime) -> None:
        """Let the updates that a newer one has replaced end now."""
        for one in outranked(waiting, newest, now)[:_AT_ONCE]:
            self._take_up(one, now)

    def recover(self, endpoint: str, update_id: str, gone: str, now: datetime) -> None:
        """Start a recovery for an update whose execution has ended.

        Each ended execution gets one recovery. If the recovery ends without taking over the update,
        another one starts, after growing pauses; the number of recoveries is limited. If the update's
        record is lost, a new record is written first, because a recovery needs one.
        """
        count = self._ledger.recoveries(endpoint, update_id).count
        first = execution_name(endpoint, "recovery", gone)
        earlier = execution_name(endpoint, "recovery", f"{gone}#{count - 1}")
        if any(self._workflow.is_running(self._arn_of(name)) for name in (first, earlier)):
            return
        if not self._ledger.count_recovery(endpoint, update_id, now):
            return
        if self._ledger.find(update_id) is None:
            self._reopening.reopen(update_id, gone, None, now, endpoint)
        for name in (first, execution_name(endpoint, "recovery", f"{gone}#{count}")):
            is_started = self._workflow.start(self._machine_arn, name, {"recover": update_id})
            if is_started or self._workflow.is_running(self._arn_of(name)):
                return

    def leave(self, update: Update) -> None:
        """Remove an update from the queue, because it runs or has ended."""
        self._queue.remove(update.endpoint, order_of_update(update))

    def _take_up(self, one: Waiting, now: datetime) -> bool:
        """Start the execution that continues a waiting update; False if the update has already ended."""
        update = self._ledger.find(one.update_id)
        if update is not None and update.record.is_unreadable:
            self.recover(one.endpoint, one.update_id, one.queued_by, now)
        if update is None:
            self.recover(one.endpoint, one.update_id, one.queued_by, now)
            return True
        if update.outcome not in {None, Outcome.QUEUED}:
            self._queue.remove(one.endpoint, one.order)  # a crash left the entry
            return False
        if update.outcome is None:
            if not self._workflow.is_running(update.execution_arn):
                self.recover(update.endpoint, update.update_id, update.execution_arn, now)
            return True
        self._resume(one)
        return True

    def _resume(self, one: Waiting) -> None:
        name = resume_name(one.endpoint, one.version, one.update_id, one.queued_by)
        request = {"resume": one.update_id}
        if self._workflow.start(self._machine_arn, name, request):
            return
        started = self._arn_of(name)
        if self._workflow.is_running(started):
            return
        # That execution was stopped before it took over the update. A new name starts another one.
        again = one.model_copy(update={"queued_by": started})
        if self._queue.replace(one, again):
            name = resume_name(one.endpoint, one.version, one.update_id, started)
            self._workflow.start(self._machine_arn, name, request)

    def _arn_of(self, name: str) -> str:
        return execution_arn(self._machine_arn, name)

    def _wake(self, waiting: tuple[Waiting, ...] | list[Waiting], now: datetime) -> None:
        times = [one.not_before if one.not_before > now else now + _LOOK_AGAIN for one in waiting]
        if times:
            self._schedules.wake(waiting[0].endpoint, min(times))
