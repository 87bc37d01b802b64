"""RequestApproval: parks the task token, and tells people how to answer."""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.failures import is_unanswered
from switchover.domain.answers import StateAnswer
from switchover.domain.approvals.approval import make_link
from switchover.domain.approvals.decision import answer_by
from switchover.domain.errors import NotAsked
from switchover.domain.manifest import find_plan_change
from switchover.domain.update.approval import Gate, Question
from switchover.domain.update.records import Moment
from switchover.explain.announcement import ask_people
from switchover.settings import settings
from switchover.steps.observe_update import observer as make_observer
from switchover.steps.wake_update import Woken, wake

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.reasons import Reason

_SECRET_BYTES = 32


class RequestApprovalAnswer(StrEnum):
    """Whether people are asked. Closed: the question is no longer needed."""

    ASKED = "asked"
    CLOSED = "closed"


def request_approval(
    update_id: str,
    gate: Gate,
    asked_at: datetime,
    reasons: tuple[Reason, ...],
    task_token: str,
    plan_digest: str,
) -> StateAnswer[RequestApprovalAnswer]:
    """Ask people. Every error has one of two names, because the state retries by error name.

    Raises:
        NoAnswer: AWS didn't answer, so people may have been asked.
        NotAsked: people weren't asked, or were asked with an older token.
    """
    try:
        return _ask(update_id, gate, asked_at, reasons, task_token, plan_digest)
    except Exception as error:
        if is_unanswered(error):
            raise  # Lambda reports it as NoAnswer
        raise NotAsked(f"{type(error).__name__}: {error}") from error


def _ask(
    update_id: str,
    gate: Gate,
    asked_at: datetime,
    reasons: tuple[Reason, ...],
    task_token: str,
    plan_digest: str,
) -> StateAnswer[RequestApprovalAnswer]:
    """Park the token, then observe once: a settled update needs no answer from a person.

    The message to people is sent last, so a retry sends no second one. Only if SNS's answer is lost, a
    second message follows; the token and links of the first are then invalid.
    """
    observer, told = make_observer(), settings()
    ledger = observer.ledger
    parked = ledger.park_token(update_id, task_token, gate)
    seen = wake(observer.heed(update_id, parked), observer)
    if seen is Woken.CLOSED:
        return StateAnswer(RequestApprovalAnswer.CLOSED)
    update = ledger.update(update_id)
    for changed in find_plan_change(update.planned, plan_digest):
        raise NotAsked(str(changed))
    until = answer_by(update.planned, gate, asked_at, told.approval_seconds)
    # A link doesn't identify the person who answers, and four eyes need that.
    has_links = told.links_url and not update.planned.approval.four_eyes
    secret = secrets.token_urlsafe(_SECRET_BYTES) if has_links else ""
    asked = ask_people(update, gate, reasons, until, told.links_url, secret)
    question = Question(gate=gate, asked_at=asked_at, until=until, reasons=reasons)
    link = make_link(gate, secret, until, reasons) if secret else None
    update = ledger.save(update.asking_people(question, link))
    at = gateways.sagemaker().read(update.endpoint).read_at
    state = "RequestApproval" if gate is Gate.START else "RequestPromotion"
    ledger.add_moment(update, Moment(at=at, state=state, text=asked.text.splitlines()[0]))
    gateways.announcements().publish(asked)
    return StateAnswer(RequestApprovalAnswer.ASKED)
