"""AnswerApproval: the page behind a link. A GET shows the question, a POST answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.approvals.answering import Form, read_form
from switchover.domain.approvals.approval import LinkState, check_link
from switchover.domain.approvals.decision import decide
from switchover.domain.update.approval import LONGEST_WORDS, Channel, Reply
from switchover.steps import wiring
from switchover.web.page import ask_page, done_page, not_allowed_page, refusal_page
from switchover.web.url_request import Unfit, UrlRequest

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover.web.frame import Page

_FORM = "application/x-www-form-urlencoded"
_UNFIT_FORM = 422


def answer_approval(request: UrlRequest) -> Page:
    """Show or answer the question, if the secret is right.

    A wrong secret reveals nothing of any update.
    """
    approvals = wiring.approvals()
    secret, verdict = request.query.get("secret", ""), request.query.get("verdict", "")
    update = approvals.find(request.query.get("update", "")[:LONGEST_WORDS])
    state = check_link(update, secret, request.at)
    if update is None or state is not LinkState.OPEN:
        return refusal_page(state, update)
    if verdict not in {Reply.APPROVED, Reply.DECLINED}:
        return refusal_page(LinkState.WRONG, None)
    match request.method:
        case "GET" | "HEAD":
            return ask_page(update, Reply(verdict), secret, request.at)
        case "POST":
            return _answer(request, update, Reply(verdict), secret)
        case _:
            return not_allowed_page()


def _answer(request: UrlRequest, update: Update, verdict: Reply, secret: str) -> Page:
    raw = request.read_body(_FORM)
    if isinstance(raw, Unfit):
        return ask_page(update, verdict, secret, request.at, Form(fault=raw.why), raw.status)
    form = read_form(raw, verdict)
    if form.fault:
        return ask_page(update, verdict, secret, request.at, form, _UNFIT_FORM)
    given = decide(update, verdict, form.by, form.reason, Channel.LINK, request.at)
    is_taken = wiring.approvals().answer(update, given)
    return done_page(update, given) if is_taken else refusal_page(LinkState.ANSWERED, update)
