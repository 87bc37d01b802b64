"""How a start would end now, and when it would begin, by the same decision code as the handlers'."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from switchover.aws.metrics import Traffic
from switchover.domain.adoption import Drift
from switchover.domain.naming import execution_name
from switchover.domain.plain_text import quote
from switchover.domain.queue_reasons import start_command
from switchover.domain.queueing import Decision, Turn
from switchover.domain.reasons import Reason
from switchover.domain.refusals import check_endpoint
from switchover.steps.admission import Admission
from switchover.steps.start_times import StartTimes
from switchover_cli.drift import read_drift
from switchover_cli.running import find_running_claim

if TYPE_CHECKING:
    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.planning import Planning
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment

# These checks read nothing that changes while another update moves the endpoint.
_OF_THE_RELEASE = frozenset({"release.model", "policy.valid", "tests.golden"})


class Answer(StrEnum):
    """The possible results of starting an update now."""

    STARTS = "starts"
    QUEUED = "queued"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


_ANSWERS = {
    Turn.CLAIM: Answer.STARTS,
    Turn.WAIT: Answer.QUEUED,
    Turn.RECOVER: Answer.QUEUED,
    Turn.SUPERSEDED: Answer.SUPERSEDED,
}


class Running(BaseModel):
    """The update that holds the endpoint, and for about how long; None if this can't be estimated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    update_id: str
    version: str
    seconds_left: int | None
    waits_for_people: bool = False


class Forecast(BaseModel):
    """The result of starting an update now.

    `reasons` are those to wait, or against starting. `not_before` is None unless the update waits for a
    time. `ends_by` is when its window closes or a freeze begins. `notes` refuse nothing. `drift` is a
    change made outside Switchover: the update would roll back to the changed config.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer: Answer
    reasons: tuple[Reason, ...] = ()
    not_before: datetime | None = None
    ends_by: datetime | None = None
    running: Running | None = None
    notes: tuple[str, ...] = ()
    drift: Drift | None = None

    @property
    def is_refusal(self) -> bool:
        """Whether the update would start neither now nor later."""
        return self.answer in {Answer.REJECTED, Answer.SUPERSEDED}


STARTS = Forecast(answer=Answer.STARTS)
REFUSED = Forecast(answer=Answer.REJECTED)


def foresee(
    deployment: Deployment,
    update: Update,
    endpoint: EndpointReading | Absent,
    planning: Planning,
) -> Forecast:
    """Predict the decisions of ClaimEndpoint and PlanUpdate about a new update like this one."""
    admission = _open_admission(deployment)
    asked = _as_new(deployment, update, endpoint)
    decision = admission.foresee(asked, endpoint)
    ends_by = None
    if decision.turn is Turn.CLAIM and planning.plan is not None:
        fitted = admission.fit(asked, endpoint, planning.plan.times.worst_seconds)
        if isinstance(fitted, Decision):
            decision = fitted
        else:
            ends_by = fitted.closes_at
    running = _foresee_running(deployment, update.endpoint, endpoint)
    against = _stays_refused(planning, endpoint, running)
    answer = _ANSWERS.get(decision.turn, Answer.REJECTED)
    reasons = decision.reasons
    if answer in {Answer.REJECTED, Answer.SUPERSEDED}:
        reasons = tuple(dict.fromkeys((*decision.reasons, *against)))
    elif against:
        answer, reasons = Answer.REJECTED, against
    is_for_a_time = any(reason.code == "start.later" for reason in reasons)
    return Forecast(
        answer=answer,
        reasons=reasons,
        not_before=decision.not_before if is_for_a_time else None,
        ends_by=ends_by,
        running=running,
        notes=_note_mark(deployment, update),
        drift=read_drift(deployment, endpoint),
    )


def _stays_refused(
    planning: Planning, endpoint: EndpointReading | Absent, running: Running | None
) -> tuple[Reason, ...]:
    """The reasons that would still refuse the update at its turn, as far as they are known now."""
    if running is None or not any(check_endpoint(endpoint)):
        return planning.reasons
    return tuple(
        reason
        for check in planning.preflight.checks
        if check.name in _OF_THE_RELEASE
        for reason in check.reasons
    )


def _as_new(deployment: Deployment, update: Update, endpoint: EndpointReading | Absent) -> Update:
    """The update as a new start would open it, not an earlier or running one of the same name."""
    name = execution_name(update.endpoint, update.version, uuid4().hex)
    return replace(
        update,
        update_id=name,
        execution_arn=deployment.execution_arn(name),
        offered_at=endpoint.read_at,
    )


def _foresee_running(
    deployment: Deployment, name: str, endpoint: EndpointReading | Absent
) -> Running | None:
    claim = find_running_claim(deployment, name)
    if claim is None:
        return None
    holder = deployment.ledger.find(claim.update_id)
    if holder is None or holder.record.is_unreadable:
        return Running(update_id=claim.update_id, version="", seconds_left=None)
    began = holder.progress.course.started_at if holder.progress.course else holder.started_at
    left = None
    if holder.plan is not None and holder.open_gate is None:
        passed = (endpoint.read_at - began).total_seconds()
        left = max(0, round(holder.plan.times.expected_seconds - passed))
    return Running(
        update_id=claim.update_id,
        version=holder.version,
        seconds_left=left,
        waits_for_people=holder.open_gate is not None,
    )


def _note_mark(deployment: Deployment, update: Update) -> tuple[str, ...]:
    mark = deployment.wishes.mark(update.endpoint, update.version)
    if mark is None:
        return ()
    told = f"{update.version} is marked bad: {quote(mark.reason)}."
    return (f"{told} It starts only by name: {start_command(update)}",)


def _open_admission(deployment: Deployment) -> Admission:
    return Admission(
        deployment.ledger,
        deployment.queue,
        deployment.workflow,
        deployment.files,
        StartTimes(deployment.files, Traffic(deployment.session.client("cloudwatch"))),
        deployment.wishes,
    )
