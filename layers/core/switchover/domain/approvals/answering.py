"""People's answers: the form of the page, and the reasons against taking an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from switchover.domain.approvals.four_eyes import object_to_decider
from switchover.domain.plain_text import has_words
from switchover.domain.reasons import Reason, reasons_from
from switchover.domain.update.approval import LONGEST_WORDS, Channel, Gate, Reply

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from switchover.domain.update.update import Update

LONGEST_TYPED_NAME = 100
_MOST_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of the page as sent. `fault` says what to correct; it is empty for a good form."""

    by: str = ""
    reason: str = ""
    fault: str = ""


def read_form(body: bytes, verdict: Reply) -> Form:
    """Read the form of a page. A yes needs a name; a no needs a name and a reason."""
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except (ValueError, UnicodeDecodeError):
        return Form(
            fault="The request is not a form of this page. Reload the page and fill in the form."
        )
    typed = dict(pairs)
    if len(typed) != len(pairs):
        return Form(
            fault="The form holds a field twice. Reload the page and fill in the form again."
        )
    by, reason = typed.get("by", "").strip(), typed.get("reason", "").strip()
    return Form(by[:LONGEST_TYPED_NAME], reason[:LONGEST_WORDS], _find_fault(by, reason, verdict))


def _find_fault(by: str, reason: str, verdict: Reply) -> str:
    if not has_words(by):
        return "Your name is missing."
    if len(by) > LONGEST_TYPED_NAME:
        return f"Your name has {len(by)} characters. Use at most {LONGEST_TYPED_NAME} characters."
    if verdict is Reply.DECLINED and not has_words(reason):
        return "A rejection needs a reason."
    if len(reason) > LONGEST_WORDS:
        return f"The reason has {len(reason)} characters. Use at most {LONGEST_WORDS} characters."
    return ""


def find_objections(
    update: Update | None, gate: Gate, verdict: Reply, reason: str, caller: str
) -> tuple[Reason, ...]:
    """The reasons against an authenticated caller's answer; empty if the answer is taken."""
    if update is None or update.open_gate is not gate:
        endpoint = update.endpoint if update else "ENDPOINT"
        return (
            Reason(
                code="approval.not-asked",
                subject=f"update {update.update_id}" if update else "update",
                message="doesn't ask this now: it isn't planned yet, was already answered, or has ended.",
                remedy=f"See what happened: switchover history {endpoint}",
            ),
        )
    if verdict is Reply.DECLINED and not has_words(reason):
        return (
            Reason(
                code="approval.reason-missing",
                subject=f"update {update.update_id}",
                message="a rejection needs a reason.",
                remedy=f"Give a reason: switchover reject {update.endpoint} --reason '…'",
            ),
        )
    if verdict is Reply.APPROVED and update.planned.approval.four_eyes:
        objection = object_to_decider(update.endpoint, update.offered_by, caller, Channel.IAM)
        return (objection,) if objection else ()
    return ()


def request_faults(error: ValidationError, model: type[BaseModel]) -> tuple[Reason, ...]:
    """The faults of a request's body, one reason each."""
    return reasons_from(error, code="request.invalid", subjects={}, source="request", model=model)
