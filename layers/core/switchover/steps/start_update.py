"""StartUpdate: requests the change from SageMaker, once, however often this state runs."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.model_files import find_changes
from switchover.aws.wishes import heed
from switchover.domain.answers import StateAnswer
from switchover.domain.errors import CallRefused, EndpointBusy, EndpointNotFound
from switchover.domain.fleet import Absent
from switchover.domain.refusals import call_refused, find_changes_of_endpoint
from switchover.domain.starting import Start, choose_start, has_arrived
from switchover.domain.verdict import course_of
from switchover.steps import wiring
from switchover.steps.asking import ask

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.domain.verdict import Course


class StartUpdateAnswer(StrEnum):
    """Refused: nothing was changed. Failed: an earlier try may have changed the endpoint."""

    MOVING = "moving"
    REFUSED = "refused"
    FAILED = "failed"


def start_update(update_id: str, plan_digest: str) -> StateAnswer[StartUpdateAnswer]:
    """Read, choose, note the course, then act.

    If the answer is lost, the next reading finds its effect.
    """
    ledger, sagemaker = gateways.ledger(), gateways.sagemaker()
    update = heed(ledger.update(update_id), ledger, gateways.wishes())
    plan = update.planned
    endpoint = sagemaker.read(plan.endpoint)
    earlier = update.progress.course if update.progress.is_started else None
    if update.abort is not None and earlier is None:
        return StateAnswer(StartUpdateAnswer.REFUSED, update.abort.reasons)
    start = choose_start(endpoint, plan, earlier)
    if start is Start.REFUSE:
        return _refuse(*find_changes_of_endpoint(endpoint, plan), was_asked=earlier is not None)
    if start is Start.ALREADY or update.abort is not None:
        # Aborted between two tries: AwaitOutcome finds out whether the first try took effect.
        return StateAnswer(StartUpdateAnswer.MOVING)
    if earlier is not None and isinstance(endpoint, Absent):
        course = earlier  # the endpoint is deleted and must be created: no check may stop this
    else:
        # Nothing has moved yet, even after earlier requests; the files may have changed meanwhile.
        changed = find_changes(
            update, plan, plan_digest, gateways.manifests(), gateways.model_files()
        )
        if changed:
            return _refuse(*changed, was_asked=earlier is not None)
        recreates = plan.deployment.request is None
        course = course_of(plan.target.config, endpoint, plan.overdue_seconds, recreates=recreates)
    return _ask_for(start, update, course, endpoint.read_at)


def _ask_for(
    start: Start, update: Update, course: Course, now: datetime
) -> StateAnswer[StartUpdateAnswer]:
    """Note the course and send the request. A refusal counts only if no earlier request took effect."""
    ledger, sagemaker, plan = gateways.ledger(), gateways.sagemaker(), update.planned
    begin = partial(wiring.endpoint_changes().start, start, plan, update)
    try:
        ask(ledger, update.started(course), now, begin)
    except (CallRefused, EndpointBusy, EndpointNotFound) as refusal:
        found = sagemaker.read(plan.endpoint)
        if has_arrived(start, found, plan):
            return StateAnswer(StartUpdateAnswer.MOVING)
        if isinstance(refusal, EndpointBusy) and choose_start(found, plan, None) is start:
            raise  # SageMaker is busy, but the reading is late and shows it idle: a retry reads again
        # Nothing has moved. Only an earlier try may still take effect.
        newest = ledger.update(update.update_id)
        was_asked = (
            update.progress.is_started or newest.progress.asked_at != update.progress.asked_at
        )
        ledger.save(newest.not_started(was_asked=was_asked))
        reason = call_refused(f"endpoint {plan.endpoint}", str(refusal))
        return _refuse(reason, was_asked=was_asked)
    return StateAnswer(StartUpdateAnswer.MOVING)


def _refuse(*reasons: Reason, was_asked: bool) -> StateAnswer[StartUpdateAnswer]:
    """FAILED if an earlier request may have changed the endpoint, which must be undone; else REFUSED."""
    verdict = StartUpdateAnswer.FAILED if was_asked else StartUpdateAnswer.REFUSED
    return StateAnswer(verdict, reasons)
