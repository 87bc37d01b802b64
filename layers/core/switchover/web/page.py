"""Fill the pages behind a link: the question, the answer as it was taken, the reason of a refusal.

Mail scanners and chat previews fetch every link of a message. So a GET only shows the question; only a
POST answers. An engineer may read the page on a phone at night. So question, cost and deadline fit there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from switchover.domain.approvals.answering import LONGEST_TYPED_NAME, Form
from switchover.domain.approvals.approval import LinkState, write_query
from switchover.domain.approvals.four_eyes import say_offerers
from switchover.domain.plain_text import quote
from switchover.domain.policies.choices import Strategy
from switchover.domain.update.approval import LONGEST_WORDS, Gate, Reply
from switchover.web.frame import Page
from switchover.web.templating import render

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.approvals.decision import Decision
    from switchover.domain.update.update import Update

_ASK = {Gate.START: "ask_to_start.html.j2", Gate.PROMOTION: "ask_to_stay.html.j2"}
_DONE = {
    (Gate.START, Reply.APPROVED): "start_approved.html.j2",
    (Gate.START, Reply.DECLINED): "start_rejected.html.j2",
    (Gate.PROMOTION, Reply.APPROVED): "stay_approved.html.j2",
    (Gate.PROMOTION, Reply.DECLINED): "stay_rejected.html.j2",
}


def ask_page(
    update: Update,
    verdict: Reply,
    secret: str,
    now: datetime,
    typed: Form | None = None,
    status: int = 200,
) -> Page:
    """The question of an open gate, and the one button of this link.

    `typed` is a form that was sent with a fault: the page names the fault and keeps the typed words.

    Raises:
        ValueError: the update has no link.
    """
    link = update.asking.link
    if link is None:
        raise ValueError(f"no link to {update.update_id} was sent")
    plan, form = update.planned, typed or Form()
    is_yes = verdict is Reply.APPROVED
    other = Reply.DECLINED if is_yes else Reply.APPROVED
    others = [each for each in update.found.golden if not each.has_passed]
    body = render(
        _ASK[link.gate],
        update=update,
        plan=plan,
        link=link,
        form=form,
        is_yes=is_yes,
        is_redeploy=plan.deployment.pace.strategy is Strategy.REDEPLOY,
        minutes_left=int((link.expires_at - now).total_seconds() / 60),
        extra_hours=round(plan.capacity.extra_instance_seconds / 3600, 1),
        offerers=say_offerers(update.offered_by),
        doubts=[f"{reason.subject}: {reason.message}" for reason in link.reasons],
        golden_passed=len(update.found.golden) - len(others),
        golden_others=[f"{quote(each.name)}: {each.verdict.value}" for each in others],
        query_of_other_link=write_query(update.update_id, secret, other),
        longest_name=LONGEST_TYPED_NAME,
        longest_reason=LONGEST_WORDS,
    )
    return Page(status, "unfit" if form.fault else "asked", body)


def done_page(update: Update, given: Decision) -> Page:
    """The recorded answer, and its consequence."""
    link = update.asking.link
    gate = link.gate if link else Gate.START
    body = render(_DONE[gate, given.verdict], update=update, plan=update.planned, given=given)
    return Page(200, given.verdict.value, body)


def refusal_page(state: LinkState, update: Update | None) -> Page:
    """Why a link takes no answer. Only the holder of the secret learns the update's name."""
    match state:
        case LinkState.EXPIRED if update:
            return Page(410, state.value, render("expired.html.j2", update=update))
        case LinkState.ANSWERED if update:
            link = update.asking.link
            given = update.approval_of(link.gate) if link else None
            return Page(409, state.value, render("answered.html.j2", update=update, given=given))
        case LinkState.WRONG | LinkState.EXPIRED | LinkState.ANSWERED:
            return Page(403, LinkState.WRONG.value, render("wrong_link.html.j2"))
        case LinkState.OPEN:
            raise ValueError("an open link is not refused")
        case _:
            assert_never(state)


def not_allowed_page() -> Page:
    """The answer to a method other than GET, HEAD and POST."""
    return Page(405, "not_allowed", render("not_allowed.html.j2"))
