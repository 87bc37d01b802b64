"""Admission: decides whether an update may claim its endpoint. Reads, decides, acts, and reads again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from switchover.domain.errors import Unavailable
from switchover.domain.joining import is_granted
from switchover.domain.marks import check_marks
from switchover.domain.plans.plan import Kind
from switchover.domain.policies.choices import WhenBusy, Wish
from switchover.domain.policies.layers import EffectivePolicy
from switchover.domain.policies.overrides import OVERRIDE_REFUSED
from switchover.domain.policies.policy import Policy
from switchover.domain.queue_reasons import starts_later
from switchover.domain.queueing import (
    Claim,
    Decision,
    Look,
    Standing,
    Turn,
    Waiting,
    decide_turn,
    order_of_update,
)
from switchover.domain.reasons import Reason
from switchover.domain.release import Start
from switchover.domain.windows.window import StartTime, find_start

if TYPE_CHECKING:
    from switchover.aws.files import Files
    from switchover.aws.ledger import Ledger
    from switchover.aws.queue import Queue
    from switchover.aws.wishes import Wishes
    from switchover.aws.workflow import Workflow
    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.update.update import Update
    from switchover.steps.queue_runner import QueueRunner
    from switchover.steps.start_times import StartTimes

# An update that loses the claim needs three: it sees the other's claim, joins the queue, and sees itself
# there. If four aren't enough, many updates compete, and the state machine retries later with jitter.
_LOOKS = 4


class Admission:
    """Lets one update claim an endpoint. The others wait or end as the policy says; none is lost."""

    def __init__(
        self,
        ledger: Ledger,
        queue: Queue,
        workflow: Workflow,
        files: Files,
        timetables: StartTimes,
        wishes: Wishes,
    ) -> None:
        self._ledger = ledger
        self._queue = queue
        self._workflow = workflow
        self._files = files
        self._timetables = timetables
        self._wishes = wishes

    def look(self, update: Update, endpoint: EndpointReading | Absent) -> Look:
        """Read everything on which the decision about an update depends. Changes nothing."""
        policy, faults = self._policy(update)
        start = self.find_start(update, policy, endpoint)
        seen = self._look_again(
            update,
            endpoint,
            Look(
                now=endpoint.read_at,
                standing=Standing(),
                is_holder_running=False,
                waiting=(),
                when_busy=policy.when_busy,
                start=start,
                refusals=self._refusals(update),
            ),
        )
        is_alone = seen.standing.holder is None and not seen.waiting
        against = [each for each in faults if not is_alone or each.code == OVERRIDE_REFUSED]
        return replace(seen, refusals=(*seen.refusals, *against))

    def foresee(self, update: Update, endpoint: EndpointReading | Absent) -> Decision:
        """The decision that `admit` would make about an update now. Changes nothing."""
        return decide_turn(update, self.look(update, endpoint))

    def admit(
        self, update: Update, endpoint: EndpointReading | Absent, turns: QueueRunner
    ) -> Decision:
        """Take the claim for an update, put the update into the queue, or return the reasons against it.

        An update that waits has read the claim again after it joined the queue. If the holder ended
        before that reading, the reading shows it. If the holder ends later, it finds the update in
        the queue.

        Raises:
            Unavailable: other updates were always faster; a retry reads again.
        """
        look = self.look(update, endpoint)
        for _ in range(_LOOKS):
            decision = decide_turn(update, look)
            own = next((one for one in look.waiting if one.update_id == update.update_id), None)
            if decision.turn in {Turn.SUPERSEDED, Turn.REJECTED}:
                return decision
            if decision.turn is Turn.CLAIM:
                if self._take(update, look):
                    turns.leave(update)
                    turns.make_way(look.waiting, order_of_update(update), look.now)
                    return decision
            elif own is not None and _is_kept(own, update, decision):
                if decision.turn is Turn.RECOVER and look.standing.holder is not None:
                    holder = look.standing.holder
                    turns.recover(holder.endpoint, holder.update_id, holder.execution_arn, look.now)
                return decision
            else:
                turns.put(_waiting(update, decision, look.when_busy), look.now)
            look = self._look_again(update, endpoint, look)
        raise Unavailable(f"other updates kept changing the queue of {update.endpoint}")

    def postpone(
        self,
        update: Update,
        endpoint: EndpointReading | Absent,
        lasts_seconds: int,
        turns: QueueRunner,
    ) -> Decision | StartTime:
        """Put an update that would not end in time back into the queue; else return its start time."""
        policy, _ = self._policy(update)
        found = self._fit(update, policy, endpoint, lasts_seconds)
        if isinstance(found, Decision) and found.turn is Turn.WAIT:
            turns.put(_waiting(update, found, policy.when_busy), endpoint.read_at)
        return found

    def fit(
        self, update: Update, endpoint: EndpointReading | Absent, lasts_seconds: int
    ) -> Decision | StartTime:
        """Whether an update of this length would end in time if it began now.

        The length is known only after the update is planned.
        """
        policy, _ = self._policy(update)
        return self._fit(update, policy, endpoint, lasts_seconds)

    def _fit(
        self,
        update: Update,
        policy: Policy,
        endpoint: EndpointReading | Absent,
        lasts_seconds: int,
    ) -> Decision | StartTime:
        start = self.find_start(update, policy, endpoint, lasts_seconds)
        if isinstance(start, tuple):
            return Decision(Turn.REJECTED, start)
        if start.at <= endpoint.read_at:
            return start
        return Decision(Turn.WAIT, (starts_later(update, start),), start.at)

    def find_start(
        self,
        update: Update,
        policy: Policy,
        endpoint: EndpointReading | Absent,
        lasts_seconds: int = 0,
    ) -> StartTime | tuple[Reason, ...]:
        """Find the start time that policy, release and person allow, or the reasons why it is unknown.

        A rollback doesn't wait, because the serving version may be the problem.
        """
        now = endpoint.read_at
        if update.kind is Kind.ROLLBACK:
            return StartTime(now, "A rollback doesn't wait.", None)
        wish = update.release.start if update.release else Start.NOW
        skips_window = update.request is not None and update.request.now
        is_hotfix = bool(update.hotfix_reason)
        keeps_time = Wish.START_TIME in (policy.releases_may or ())
        timetable = self._timetables.read(
            policy,
            now,
            bucket=update.bucket,
            endpoint=update.endpoint,
            variant=_variant(endpoint),
            wish=wish,
            is_hotfix=is_hotfix,
            skips_window=skips_window,
            keeps_time=keeps_time,
        )
        if isinstance(timetable, tuple):
            return timetable
        found = find_start(
            now,
            wish=wish,
            windows=timetable.windows,
            freezes=timetable.freezes,
            lasts_seconds=lasts_seconds,
            is_hotfix=is_hotfix,
            skips_window=skips_window,
            keeps_time=keeps_time,
        )
        return (found,) if isinstance(found, Reason) else found

    def _look_again(self, update: Update, endpoint: EndpointReading | Absent, look: Look) -> Look:
        waiting = self._queue.entries(update.endpoint)
        # Read after the queue, so that a holder that ends between the two readings counts as ended.
        standing = self._ledger.standing(update.endpoint)
        holder = standing.holder
        is_running = holder is not None and self._workflow.is_running(holder.execution_arn)
        newest = self._ledger.find(standing.newest.partition("#")[2]) if standing.newest else None
        return replace(
            look,
            standing=standing,
            is_holder_running=is_running,
            waiting=waiting,
            granted=newest if is_granted(update, newest, endpoint, is_running=is_running) else None,
        )

    def _take(self, update: Update, look: Look) -> bool:
        claim = Claim(update.endpoint, update.update_id, update.execution_arn, look.now)
        gone = look.standing.holder.execution_arn if look.standing.holder else None
        return self._ledger.take_claim(claim, order_of_update(update), instead_of=gone)

    def _refusals(self, update: Update) -> tuple[Reason, ...]:
        mark = self._wishes.mark(update.endpoint, update.version)
        return tuple(check_marks(update, mark, self._wishes.pin(update.endpoint)))

    def _policy(self, update: Update) -> tuple[Policy, tuple[Reason, ...]]:
        """The policy; or the default policy, with every fault of the file.

        A release with a refused override is rejected before any file is copied or read. Other faults are
        refused later by PlanUpdate, together with its own findings. But a release with any fault replaces
        no other update that runs or waits.
        """
        effective = self._files.effective_policy(update)
        if isinstance(effective, EffectivePolicy):
            return effective.policy, ()
        return Policy(), effective


def _variant(endpoint: EndpointReading | Absent) -> str:
    variants = getattr(endpoint, "variants", ())
    return variants[0].name if variants else ""


def _waiting(update: Update, decision: Decision, when_busy: WhenBusy) -> Waiting:
    if decision.not_before is None:
        raise ValueError(f"{update.update_id} waits, but its decision has no end of the wait")
    return Waiting(
        endpoint=update.endpoint,
        update_id=update.update_id,
        version=update.version,
        offered_at=update.offered_at or update.started_at,
        not_before=decision.not_before,
        why=decision.reasons[0].message,
        queued_by=update.execution_arn,
        # A release must not replace a waiting rollback.
        when_busy=WhenBusy.QUEUE if update.kind is Kind.ROLLBACK else when_busy,
    )


def _is_kept(own: Waiting, update: Update, decision: Decision) -> bool:
    return (own.queued_by, own.not_before) == (update.execution_arn, decision.not_before)
