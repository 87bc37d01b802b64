"""The page behind a link: what is asked and one button. A GET shows it, only a POST answers.

Mail scanners and chat previews fetch every link of a message, so that looking must never act.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, assert_never

from switchover.domain.approvals.approval import Gate, LinkState, Reply

if TYPE_CHECKING:
    from switchover.domain.update import Update

# Nothing is loaded, framed, cached or told to the next page; the form goes nowhere but here.
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_STYLE = """
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #5b6472; --yes: #17663a; --no: #a32020; }
@media (prefers-color-scheme: dark) { :root { --line: #3a404a; --soft: #a3abb8; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 8vh auto; padding: 0 1.2rem; }
h1 { font-size: 1.35rem; margin: 0 0 .6rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: 1.4rem 0;
     padding: 1rem 0; border: solid var(--line); border-width: 1px 0; }
dt, small, label { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
label { display: block; margin: .8rem 0; }
input { display: block; box-sizing: border-box; width: 100%; margin-top: .2rem; padding: .5rem .6rem;
        font: inherit; border: 1px solid var(--line); border-radius: 6px; }
button { margin: .8rem 0 1rem; padding: .6rem 1.6rem; font: inherit; font-weight: 600; color: #fff;
         border: 0; border-radius: 6px; cursor: pointer; }
.approved { background: var(--yes); } .declined { background: var(--no); }
"""
_BUTTON = {
    (Gate.START, Reply.APPROVED): "Approve: it may start",
    (Gate.START, Reply.DECLINED): "Reject: it must not start",
    (Gate.PROMOTION, Reply.APPROVED): "Approve: it may stay",
    (Gate.PROMOTION, Reply.DECLINED): "Reject: take it back",
}
_DONE = {
    (Gate.START, Reply.APPROVED): "Approved. The update starts now.",
    (Gate.START, Reply.DECLINED): "Rejected. Nothing was touched.",
    (Gate.PROMOTION, Reply.APPROVED): "Approved. The new version stays.",
    (Gate.PROMOTION, Reply.DECLINED): "Rejected. The previous version is brought back.",
}


@dataclass(frozen=True, slots=True)
class Page:
    """An HTTP answer; `verdict` is what the log says of it."""

    status: int
    verdict: str
    body: str

    @property
    def response(self) -> dict[str, Any]:
        """As a function URL wants it (Lambda Developer Guide, response payload format 2.0)."""
        return {"statusCode": self.status, "headers": _HEADERS, "body": self.body}


def ask_page(update: Update, gate: Gate, verdict: Reply) -> Page:
    """What is asked, and the one button of this link."""
    plan = update.planned
    question = {
        Gate.START: f"May {update.endpoint} move to {update.version}?",
        Gate.PROMOTION: f"May {update.endpoint} stay on {update.version}?",
    }[gate]
    facts = {
        "now" if gate is Gate.START else "before": plan.previous_version,
        "update": f"{plan.version} by {plan.pace.strategy.value}",
        "takes": f"about {round(plan.expected_seconds / 60)} minutes,"
        f" at most {plan.peak_instances} instances",
        "id": update.update_id,
    }
    if update.hotfix_told:
        facts["hotfix"] = update.hotfix_told
    rows = "".join(f"<dt>{escape(key)}</dt><dd>{escape(fact)}</dd>" for key, fact in facts.items())
    form = (
        '<form method="post">'
        '<label>Your name <input name="by" maxlength="100" autocomplete="name"></label>'
        '<label>Why (for the record) <input name="reason" maxlength="500"></label>'
        f'<button class="{verdict.value}">{_BUTTON[gate, verdict]}</button></form>'
        "<small>Nothing has happened yet. The answer counts once and is recorded.</small>"
    )
    return Page(200, "asked", _html(question, f"<dl>{rows}</dl>{form}"))


def done_page(gate: Gate, verdict: Reply) -> Page:
    """The answer was taken."""
    return Page(200, verdict.value, _html(_DONE[gate, verdict], "<p>You may close this page.</p>"))


def refusal_page(state: LinkState) -> Page:
    """Why a link does nothing any more; of a wrong one no more than that."""
    match state:
        case LinkState.WRONG:
            status, title = 403, "This link is not valid."
            text = "It may have been cut off, or a newer message has replaced it."
        case LinkState.EXPIRED:
            status, title = 410, "This link has expired."
            text = "Nobody answered in time, which counts as a no."
        case LinkState.ANSWERED:
            status, title = 409, "Nobody waits for this answer any more."
            text = "It was answered already, or the update has ended. Its history says how."
        case LinkState.OPEN:
            raise ValueError("an open link is not refused")
        case _:
            assert_never(state)
    return Page(status, state.value, _html(title, f"<p>{text}</p>"))


def not_allowed_page() -> Page:
    """Neither a look nor an answer."""
    return Page(405, "not_allowed", _html("This page takes GET and POST only.", ""))


def _html(title: str, content: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Switchover</title><style>{_STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{content}</body></html>"
    )
