"""ObserveUpdate: one observation of a running change, for AwaitOutcome and the other waiting states.

It keeps evidence that AWS later deletes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.ledger import known_first, try_anew
from switchover.aws.wishes import Wishes, heed
from switchover.domain.answers import StateAnswer, answer
from switchover.domain.fleet import EndpointReading
from switchover.domain.guarding import call_guard, first_look_in
from switchover.domain.observing import (
    Observation,
    Purpose,
    assess_observation,
    collect_reasons,
    failure_of,
    find_fault_of_way_back,
    moment_of,
)
from switchover.domain.verdict import Verdict, has_moved

if TYPE_CHECKING:
    from switchover.aws.cloudwatch import CloudWatch
    from switchover.aws.failure_evidence import FailureEvidence
    from switchover.aws.guards import Guards
    from switchover.aws.ledger import Ledger
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.workflow import Workflow
    from switchover.domain.reasons import Reason
    from switchover.domain.update.records import Evidence
    from switchover.domain.update.update import Update

_LOOKS = 3
# Only these waits judge the release; the other waits must not overwrite its evidence.
_JUDGING = frozenset({Purpose.OUTCOME, Purpose.GATE, Purpose.WATCH})
_UNSETTLING = frozenset({Verdict.ROLLED_BACK, Verdict.MIXED, Verdict.FAILED, Verdict.OVERDUE})


def observe_update(update_id: str, purpose: Purpose, task_token: str) -> StateAnswer[Verdict]:
    """Park the token, observe once, and answer immediately if the change is settled.

    The token is parked before the observation, so that an event after the observation finds it.
    """
    looks = observer()
    parked = looks.ledger.park_token(update_id, task_token, purpose)
    return looks.answer_if_settled(looks.heed(update_id, parked), purpose, task_token)


def observer() -> Observer:
    """The observer of this process."""
    return Observer(
        gateways.sagemaker(),
        gateways.cloudwatch(),
        gateways.failure_evidence(),
        gateways.ledger(),
        gateways.workflow(),
        gateways.guards(),
        gateways.wishes(),
    )


@dataclass(frozen=True, slots=True)
class Observer:
    """Observes updates, records each observation, and answers the waiting execution."""

    sagemaker: SageMaker
    cloudwatch: CloudWatch
    traces: FailureEvidence
    ledger: Ledger
    workflow: Workflow
    guards: Guards
    wishes: Wishes

    def heed(self, update_id: str, known: Update | None = None) -> Update:
        """Read an update, and accept a person's request to abort it, if the update can still be aborted.

        `known` was read just now. The request is looked for each time, as its event may be lost.

        Raises:
            StaleUpdate: the update kept changing; the next wake-up or timeout observes it again.
        """
        read = known_first(known, lambda: self.ledger.update(update_id))
        return try_anew(lambda: self._heed(read()), _LOOKS)

    def answer_if_settled(
        self, heeded: Update, purpose: Purpose, token: str
    ) -> StateAnswer[Verdict]:
        """Observe an update, and answer the waiting execution if the change is settled.

        Raises:
            StaleUpdate: the update kept changing; the next wake-up or timeout observes it again.
        """
        verdict, reasons = self.look(heeded, purpose)
        seen = StateAnswer(verdict, reasons)
        if verdict is not Verdict.MOVING:
            self.workflow.answer(token, answer(seen))
        return seen

    def look(self, heeded: Update, purpose: Purpose) -> tuple[Verdict, tuple[Reason, ...]]:
        """Observe an update as it is now; `heeded` was read just now.

        Several wake-ups may observe at the same time. If the update was changed meanwhile, this one
        observes again, so that the last observation is never lost.

        Raises:
            StaleUpdate: the update kept changing; the next wake-up or timeout observes it again.
        """

        update_id = heeded.update_id
        read = known_first(heeded, lambda: self._heed(self.ledger.update(update_id)))
        return try_anew(lambda: self.observe(read(), purpose), _LOOKS)

    def observe(self, update: Update, purpose: Purpose) -> tuple[Verdict, tuple[Reason, ...]]:
        """Make one observation of an update's current change, and record it.

        Raises:
            ValueError: the update has no plan or no running change.
            StaleUpdate: the update was changed meanwhile; observe it again.
        """
        plan, course = update.plan, update.progress.course
        if plan is None or course is None:
            raise ValueError(f"{update.update_id} has no running change")
        if purpose in _JUDGING and (judged := _verdict_before(update, purpose)):
            return judged, ()
        seen = Observation(
            endpoint=self.sagemaker.read(update.endpoint),
            alarms=self.cloudwatch.read(plan.alarms.observed),
        )
        verdict = assess_observation(seen, purpose, update)
        moment = moment_of(seen, purpose)
        if moment.text != update.progress.last_seen:
            self.ledger.add_moment(update, moment)
        is_moving = course.was_seen_moving or (
            isinstance(seen.endpoint, EndpointReading) and has_moved(seen.endpoint, course)
        )
        evidence = self._keep(update, purpose, verdict, seen)
        reasons = collect_reasons(verdict, purpose, seen, evidence, update.abort)
        changed = update.seen(moment.text, evidence, course.seen_moving(is_moving=is_moving))
        changed = _judged(changed, purpose, verdict, seen, reasons)
        guard = (
            call_guard(update, seen.endpoint)
            if purpose is Purpose.OUTCOME and verdict is Verdict.MOVING
            else None
        )
        if guard is not None:
            # Started before it is recorded, as a recorded guard isn't called again; a name starts once.
            pause_seconds = first_look_in(plan, seen.endpoint)
            self.guards.call(update.endpoint, update.update_id, guard.bake_since, pause_seconds)
            changed = changed.guarded(guard)
        if changed != update:
            self.ledger.save(changed)
        return verdict, reasons

    def _heed(self, update: Update) -> Update:
        return heed(update, self.ledger, self.wishes)

    def _keep(
        self, update: Update, purpose: Purpose, verdict: Verdict, seen: Observation
    ) -> Evidence:
        """The known evidence of the failure, with evidence that AWS deletes later."""
        if purpose in _JUDGING and verdict in _UNSETTLING:
            return self.traces.gather(update, seen)
        if purpose is not Purpose.ROLLBACK:
            return update.found.evidence
        known = update.found.evidence
        if not known.log.group:
            # No observation failed the update, but a test or a handler did: the container's log may
            # say why.
            known = replace(known, log=self.traces.log_of(update))
        if verdict is Verdict.ARRIVED and not known.failure_reason:
            # The update was aborted, and this is SageMaker's reason for the rollback.
            known = replace(known, failure_reason=failure_of(seen))
        return known


def _judged(
    update: Update,
    purpose: Purpose,
    verdict: Verdict,
    seen: Observation,
    reasons: tuple[Reason, ...],
) -> Update:
    """The update, changed as the verdict requires."""
    fault = find_fault_of_way_back(verdict, seen) if purpose is Purpose.ROLLBACK else None
    if fault is not None:
        update = update.hindered(fault)
    if verdict is Verdict.ARRIVED and purpose is Purpose.OUTCOME:
        update = update.settled(seen.at)
    if purpose in _JUDGING and verdict in _UNSETTLING:
        # The reasons are then known even if the execution is stopped before the rollback begins.
        update = update.doomed(reasons)
    if purpose is Purpose.WATCH:
        # Saved with the version that was read: a request to abort comes before this save, or too late.
        update = update.confirmed(is_confirmed=verdict is Verdict.ARRIVED)
    return update


def _verdict_before(update: Update, purpose: Purpose) -> Verdict | None:
    """The verdict on an update that was already judged; None if it wasn't."""
    if update.is_going_back or update.outcome is not None:
        # A late wake-up: the change is over, and the token is used.
        return Verdict.MOVING
    if purpose is Purpose.WATCH and update.progress.is_confirmed:
        # An earlier observation confirmed the update, but perhaps couldn't answer. Later events
        # change nothing.
        return Verdict.ARRIVED
    return None
