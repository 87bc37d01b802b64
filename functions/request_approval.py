"""RequestApproval: park the task token, and tell people how to answer it."""

from __future__ import annotations

import secrets
from typing import Any

from pydantic import AwareDatetime, BaseModel

from switchover.aws import gateways
from switchover.aws.failures import is_unanswered
from switchover.domain.approvals.approval import make_link
from switchover.domain.approvals.decision import answer_by
from switchover.domain.errors import NotAsked
from switchover.domain.manifest import find_plan_change
from switchover.domain.outcome import Ending
from switchover.domain.update.approval import Gate, Question
from switchover.domain.update.records import Moment
from switchover.explain.announcement import ask_people
from switchover.settings import settings
from switchover.steps import wiring
from switchover.steps.waking import wake
from switchover.telemetry import handler as lambda_handler

_SECRET_BYTES = 32


class Payload(BaseModel):
    """Which update, what people are asked and since when, and the token that its execution waits on."""

    update_id: str
    gate: Gate
    asked_at: AwareDatetime
    ending: Ending
    task_token: str
    plan_digest: str = ""


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Whatever fails here has one of two names, by which alone its state may try again.

    Raises:
        NotAsked: people don't know of the question, or not of the token that waits now.
    """
    try:
        return _ask(payload)
    except Exception as error:
        if is_unanswered(error):
            raise  # told as NoAnswer
        raise NotAsked(f"{type(error).__name__}: {error}") from error


def _ask(payload: Payload) -> dict[str, Any]:
    """Parked, then looked at, as nobody is asked what is settled; whoever answers the token decides.

    People are told last: a repeat tells them once, but for a lost answer of SNS. Then a second message
    replaces the first, whose token and links are dead.
    """
    observer, told = wiring.observer(), settings()
    ledger = observer.ledger
    ledger.park_token(payload.update_id, payload.task_token, payload.gate)
    seen = wake(observer.heed(payload.update_id), observer)
    if seen["verdict"] == "closed":
        return seen
    update = ledger.update(payload.update_id)
    for changed in find_plan_change(update.planned, payload.plan_digest):
        raise NotAsked(str(changed))
    until = answer_by(update.planned, payload.gate, payload.asked_at, told.approval_seconds)
    # A link doesn't tell who answers, which four eyes ask for.
    has_links = told.links_url and not update.planned.four_eyes
    secret = secrets.token_urlsafe(_SECRET_BYTES) if has_links else ""
    reasons = payload.ending.reasons
    asked = ask_people(update, payload.gate, reasons, until, told.links_url, secret)
    question = Question(gate=payload.gate, asked_at=payload.asked_at, until=until, reasons=reasons)
    link = make_link(payload.gate, secret, until, reasons) if secret else update.approval_link
    update = ledger.save(update, question=question, approval_link=link)
    at = gateways.sagemaker().read(update.endpoint).read_at
    state = "RequestApproval" if payload.gate is Gate.START else "RequestPromotion"
    ledger.add_moment(update, Moment(at=at, state=state, text=asked.text.splitlines()[0]))
    gateways.announcements().publish(asked)
    return {"verdict": "asked"}
