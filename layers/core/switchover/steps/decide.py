"""Decide: receives a person's answer through IAM, which identifies the person."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from switchover.domain.approvals.answering import find_objections
from switchover.domain.approvals.decision import decide as decide_on
from switchover.domain.update.approval import LONGEST_WORDS, Channel, Gate, Reply
from switchover.steps import wiring
from switchover.web.url_request import UrlRequest, read_signed, respond


class Answered(BaseModel):
    """The body: the update, the question that the person saw, and the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    update_id: Annotated[str, Field(min_length=1, max_length=80)]
    gate: Gate
    verdict: Literal[Reply.APPROVED, Reply.DECLINED]
    reason: Annotated[str, Field(max_length=LONGEST_WORDS)] = ""


def decide(request: UrlRequest) -> dict[str, Any]:
    """Record a person's answer.

    The URL accepts only signed requests, and IAM decides who may send them.
    """
    asked = read_signed(request, Answered)
    if not isinstance(asked, Answered):
        return asked
    approvals = wiring.approvals()
    update = approvals.find(asked.update_id)
    objections = find_objections(update, asked.gate, asked.verdict, asked.reason, request.caller)
    if update is None or objections:
        return respond(409, "refused", objections)
    given = decide_on(update, asked.verdict, request.caller, asked.reason, Channel.IAM, request.at)
    is_taken = approvals.answer(update, given)
    return respond(200 if is_taken else 409, "taken" if is_taken else "late", by=request.caller)
