"""The pages behind a link: what is asked and one button. A GET shows it, only a POST answers.

Mail scanners and chat previews fetch every link of a message, so that looking must never act. Whoever
reads this may stand in a corridor at night: what is asked, what it takes and until when fit on a phone.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, assert_never

from switchover.domain.approvals.answering import LONGEST_TYPED_NAME, Form
from switchover.domain.approvals.approval import LinkState, write_query
from switchover.domain.approvals.four_eyes import say_offerers
from switchover.domain.plain_text import for_page, quote
from switchover.domain.policies.policy import Strategy
from switchover.domain.units import say_count
from switchover.domain.update.approval import LONGEST_WORDS, Gate, Reply
from switchover.web.frame import Fact, Page, draw_facts, draw_text

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.approvals.decision import Decision
    from switchover.domain.golden.results import GoldenResult
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.approval import ApprovalLink
    from switchover.domain.update.update import Update

_BUTTON = {
    (Gate.START, Reply.APPROVED): "Approve: it may start",
    (Gate.START, Reply.DECLINED): "Reject: it must not start",
    (Gate.PROMOTION, Reply.APPROVED): "Approve: it may stay",
    (Gate.PROMOTION, Reply.DECLINED): "Reject: take it back",
}
_OTHER = {
    Reply.APPROVED: (Reply.DECLINED, "Reject it instead"),
    Reply.DECLINED: (Reply.APPROVED, "Approve it instead"),
}
# Of a list, so that the button stays on the screen.
_MOST_LINES = 3
_SILENCE = {Gate.START: "Silence rejects it.", Gate.PROMOTION: "Silence takes it back."}


def ask_page(
    update: Update,
    verdict: Reply,
    secret: str,
    now: datetime,
    typed: Form | None = None,
    status: int = 200,
) -> Page:
    """What is asked, and the one button of this link. The update waits for a person, who has a link.

    `typed` is what was sent and has to be mended; the page says how, and keeps it.
    """
    link = update.approval_link
    if link is None:
        raise ValueError(f"nobody has a link to {update.update_id}")
    plan, gate = update.planned, link.gate
    match gate:
        case Gate.START:
            title = f"May {update.endpoint} move to {update.version}?"
            facts = _facts_before(update, plan)
        case Gate.PROMOTION:
            title = f"May {update.endpoint} stay on {update.version}?"
            facts = _facts_after(update, plan)
        case _:
            assert_never(gate)
    facts |= {
        "Asked why": _say_first([f"{each.subject}: {each.message}" for each in link.reasons]),
        "Hotfix": update.hotfix_told,
        "Overrides": update.overrides_told,
        "Update": update.update_id,
    }
    other, words = _OTHER[verdict]
    query = escape(write_query(update.update_id, secret, other))
    # Who says no owes a reason to whoever offered the release.
    reason = "Why" if verdict is Reply.DECLINED else "Why (optional)"
    required = " required" if verdict is Reply.DECLINED else ""
    kept = typed or Form()
    fault = f'<p class="fault" role="alert">{for_page(kept.fault)}</p>' if kept.fault else ""
    form = (
        f'{fault}<form method="post">'
        f'<label>Your name <input name="by" maxlength="{LONGEST_TYPED_NAME}" autocomplete="name"'
        f' required value="{for_page(kept.by)}"></label>'
        f'<label>{reason} <input name="reason" maxlength="{LONGEST_WORDS}"{required}'
        f' value="{for_page(kept.reason)}"></label>'
        f'<button class="{verdict.value}">{_BUTTON[gate, verdict]}</button></form>'
        f'<a href="?{query}">{words}</a>'
        '<p class="soft">Nothing has happened yet. One answer counts, and it is recorded.</p>'
    )
    shown = _draw_until(link, now) + draw_facts(facts) + form
    return Page(status, "unfit" if kept.fault else "asked", title, shown)


def done_page(update: Update, given: Decision) -> Page:
    """The answer was taken, and this comes of it."""
    link, name = update.approval_link, update.endpoint
    gate = link.gate if link else Gate.START
    said: dict[str, Fact] = {
        "Recorded for": f"{quote(given.by)} (as claimed by the holder of the link)",
        "Why": quote(given.reason) if given.reason else "",
        "Update": update.update_id,
    }
    match gate, given.verdict:
        case Gate.START, Reply.APPROVED:
            title = f"Approved. {name} moves to {update.version} now."
            stop = f"switchover abort {name} --reason '…'"
            then = f"It takes {_say_minutes(update.planned)}. To stop it: {stop}"
        case Gate.START, _:
            title = f"Rejected. {name} stays on {update.planned.previous_version}."
            then = "Nothing was touched. The release can be started again."
        case Gate.PROMOTION, Reply.APPROVED:
            title = f"Approved. {name} stays on {update.version}."
            then = f"To go back later: switchover rollback {name}"
        case _:
            title = f"Rejected. {name} goes back to {update.planned.previous_version}."
            then = "People are told when it is there."
    content = draw_text(then) + draw_facts(said) + draw_text("You may close this page.")
    return Page(200, given.verdict.value, title, content)


def refusal_page(state: LinkState, update: Update | None) -> Page:
    """Why a link does nothing any more; only whoever had the secret is told which update it was for."""
    about = f"{update.endpoint} {update.version}: " if update else ""
    match state:
        case LinkState.WRONG:
            status, title = 403, "This link is not valid."
            content = draw_text("It may have been cut off, or a newer message has replaced it.")
        case LinkState.EXPIRED:
            status, title = 410, f"{about}the time to answer is over."
            content = draw_text("Nobody answered in time, which is a no.") + _draw_end(update)
        case LinkState.ANSWERED:
            status, title = 409, f"{about}nobody waits for an answer any more."
            content = _draw_answer(update) + _draw_end(update)
        case LinkState.OPEN:
            raise ValueError("an open link is not refused")
        case _:
            assert_never(state)
    return Page(status, state.value, title, content)


def not_allowed_page() -> Page:
    """Neither a look nor an answer."""
    return Page(
        405, "not_allowed", "This page can be looked at and answered, and nothing else.", ""
    )


def _facts_before(update: Update, plan: Plan) -> dict[str, Fact]:
    pace = plan.pace
    model = f" of {update.release.model.name}" if update.release else ""
    is_stepwise = pace.steps > 1
    hours = plan.extra_instance_seconds / 3600
    reasons = [each.reason for each in (update.request, update.release) if each]
    return {
        "Serves now": f"{plan.previous_version}, {say_count(pace.old_instances, 'instance')}",
        "Would serve": f"{plan.version}{model}",
        "How": f"{pace.strategy.value}{f', first a {pace.first_step}' if is_stepwise else ''}",
        "Downtime": "until it is there, nobody is answered"
        if pace.strategy is Strategy.REDEPLOY
        else "",
        "Takes": _say_minutes(plan),
        "Needs": f"at most {plan.peak_instances} {plan.instance_type}",
        "Costs": f"{hours:.1f} instance-hours more than usual",
        "Offered by": say_offerers(update.offered_by),
        "Offered why": next((quote(each) for each in reasons if each), ""),
    }


def _facts_after(update: Update, plan: Plan) -> dict[str, Fact]:
    return {
        "Serves now": f"{plan.version}, on all instances",
        "Served before": plan.previous_version,
        "Tested": _say_golden(update.golden),
        "If rejected": f"back to {plan.previous_version}, whose instances are launched again",
    }


def _say_golden(asked: tuple[GoldenResult, ...]) -> Fact:
    if not asked:
        return "nothing: the policy names no golden requests"
    others = [f"{quote(each.name)}: {each.verdict.value}" for each in asked if not each.has_passed]
    passed = len(asked) - len(others)
    return (
        f"{passed} of {say_count(len(asked), 'golden request')} passed",
        *_say_first(others),
    )


def _say_first(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - _MOST_LINES
    return (*lines[:_MOST_LINES], *([f"and {more} more"] if more > 0 else []))


def _draw_answer(update: Update | None) -> str:
    link = update.approval_link if update else None
    given = update.approval_of(link.gate) if update and link else None
    if given is None:
        return draw_text("It was answered a moment ago, or the update has ended.")
    return draw_text(f"{given.at:%Y-%m-%d %H:%M} UTC: {given.told}")


def _draw_end(update: Update | None) -> str:
    if update is None or update.outcome is None:
        return ""
    return draw_text(f"The update ended as {update.outcome.value}. {update.summary}")


def _say_minutes(plan: Plan) -> str:
    return f"about {say_count(round(plan.expected_seconds / 60), 'minute')}"


def _draw_until(link: ApprovalLink, now: datetime) -> str:
    minutes = int((link.expires_at - now).total_seconds() / 60)
    left = say_count(minutes, "minute") if minutes < 120 else say_count(minutes // 60, "hour")
    return draw_text(
        f"{left} left, until {link.expires_at:%Y-%m-%d %H:%M} UTC. {_SILENCE[link.gate]}"
    )
