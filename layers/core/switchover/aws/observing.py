"""One look at a change under way: read, judge, keep what would vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.domain.answers import answer
from switchover.domain.errors import StaleUpdate
from switchover.domain.fleet import EndpointReading
from switchover.domain.observing import (
    Observation,
    Purpose,
    assess_observation,
    collect_reasons,
    moment_of,
)
from switchover.domain.update import Evidence
from switchover.domain.verdict import Verdict, has_moved

if TYPE_CHECKING:
    from switchover.aws.cloudwatch import CloudWatch
    from switchover.aws.ledger import Ledger
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.workflow import Workflow
    from switchover.domain.plan import Plan
    from switchover.domain.reasons import Reason
    from switchover.domain.update import Update
    from switchover.domain.verdict import Course

# Only these judge the release; the other waits must not overwrite what was kept about it.
_JUDGING = frozenset({Purpose.OUTCOME, Purpose.WATCH})
_UNSETTLING = frozenset({Verdict.ROLLED_BACK, Verdict.MIXED, Verdict.FAILED, Verdict.OVERDUE})


def answer_if_settled(
    update_id: str,
    purpose: Purpose,
    token: str,
    *,
    sagemaker: SageMaker,
    cloudwatch: CloudWatch,
    ledger: Ledger,
    workflow: Workflow,
) -> dict[str, Any]:
    """Observe, and answer the waiting execution if there is something to tell; returns what was seen.

    Several wake-ups may look at once: one that finds its update changed meanwhile looks again, so that
    the last look is never lost.

    Raises:
        StaleUpdate: others kept changing it; the next wake-up or timeout looks again.
    """
    for last in (False, False, True):
        try:
            verdict, reasons = observe(
                ledger.update(update_id),
                purpose,
                sagemaker=sagemaker,
                cloudwatch=cloudwatch,
                ledger=ledger,
            )
            break
        except StaleUpdate:
            if last:
                raise
    seen = answer(verdict.value, reasons)
    if verdict is not Verdict.MOVING:
        workflow.answer(token, seen)
    return seen


def observe(
    update: Update,
    purpose: Purpose,
    *,
    sagemaker: SageMaker,
    cloudwatch: CloudWatch,
    ledger: Ledger,
) -> tuple[Verdict, tuple[Reason, ...]]:
    """Take one observation of an update's present change and record what it shows.

    Raises:
        ValueError: the update has no plan or no change under way.
        StaleUpdate: someone else recorded something meanwhile; look again.
    """
    plan, course = update.plan, update.course
    if plan is None or course is None:
        raise ValueError(f"{update.update_id} has no change under way")
    seen = Observation(
        endpoint=sagemaker.read(update.endpoint), alarms=cloudwatch.read(plan.observed_alarms)
    )
    verdict = assess_observation(seen, purpose, plan, course)
    moment = moment_of(seen, purpose)
    if moment.text != update.last_seen:
        ledger.add_moment(update, moment)
    is_moving = course.was_seen_moving or (
        isinstance(seen.endpoint, EndpointReading) and has_moved(seen.endpoint, course)
    )
    evidence = update.evidence
    if verdict in _UNSETTLING and purpose in _JUDGING:
        evidence = _collect(seen, plan, course, cloudwatch)
    changes = {
        "last_seen": moment.text,
        "course": course.model_copy(update={"was_seen_moving": is_moving}),
        "evidence": evidence,
    }
    if any(getattr(update, name) != value for name, value in changes.items()):
        ledger.save(update, **changes)
    return verdict, collect_reasons(verdict, purpose, seen, evidence)


def _collect(seen: Observation, plan: Plan, course: Course, cloudwatch: CloudWatch) -> Evidence:
    failure = seen.endpoint.failure_reason if isinstance(seen.endpoint, EndpointReading) else ""
    # An alarm that turned the update back may be quiet again by the time anyone looks.
    tripped = cloudwatch.tripped(plan.observed_alarms, course.started_at)
    return Evidence(failure_reason=failure, alarms=tripped)
