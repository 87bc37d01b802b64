"""Messages about updates: the text that people read on a phone, and the fields that machines match."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_jsonable_python

from switchover.domain.approvals.approval import write_query
from switchover.domain.approvals.four_eyes import say_offerers
from switchover.domain.brevity import fit_reasons
from switchover.domain.golden.identity import UNASKED
from switchover.domain.outcome import Outcome
from switchover.domain.plain_text import for_message, quote
from switchover.domain.recovering import given_up
from switchover.domain.update.approval import Gate, Reply
from switchover.explain.account import tell_outcome
from switchover.explain.advice import advise
from switchover.explain.changes import say_change
from switchover.explain.deviations import say_hotfix, say_overrides
from switchover.explain.reports import tell_report
from switchover.explain.text_message import text_given_up, text_outcome, text_question
from switchover.explain.waits import say_question, say_silence

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.queueing import Claim
    from switchover.domain.reasons import Reason
    from switchover.domain.report.place import ReportPlace
    from switchover.domain.update.update import Update

_VERBS = {Gate.START: "Approve?", Gate.PROMOTION: "Promote?"}
_ASKED = {Gate.START: "ApprovalRequested", Gate.PROMOTION: "PromotionRequested"}
# An entry of PutEvents takes 256 KB, its source and detail type included (EventBridge API Reference).
_MOST_DETAIL_BYTES = 250 * 1000
# The ledger keeps all of these parts: switchover explain UPDATE --json.
_LEFT_OUT_FIRST = ("golden", "overrides", "evidence", "next_steps")
_SUBJECT_LENGTH = 99  # SNS: a subject is ASCII, under 100 characters


class Announcement(BaseModel):
    """One message: subject and text, a text for SMS, attributes to filter by, an event's detail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    text: str
    sms: str
    attributes: dict[str, str]
    detail_type: str
    detail: dict[str, Any]


def announce_outcome(
    update: Update,
    now: EndpointReading | Absent | None = None,
    report: ReportPlace | None = None,
) -> Announcement:
    """Tell how an update ended, how the endpoint changed since, and where the report is.

    The record holds what served when it was written. `now` is a reading just before the message.

    Raises:
        ValueError: the update has no outcome.
    """
    if update.outcome is None:
        raise ValueError(f"{update.update_id} has no outcome yet")
    subject = f"{update.outcome.value}: {update.endpoint} {update.version}".strip()
    since = for_message(say_change(update, now)) if now is not None else ""
    # The report's link is added last: nothing else in the message may become a link.
    lines = [*tell_outcome(update), *([since] if since else []), *tell_report(update, report)]
    return Announcement(
        subject=_ascii(subject)[:_SUBJECT_LENGTH].rstrip(),
        text="\n".join(lines),
        sms=text_outcome(update),
        attributes={
            "outcome": update.outcome.value,
            "endpoint": update.endpoint,
            "version": update.version,
            "update_id": update.update_id,
        },
        detail_type=f"Update {update.outcome.value}",
        detail=_bounded(
            {
                "update_id": update.update_id,
                "endpoint": update.endpoint,
                "version": update.version,
                "kind": update.kind.value,
                "outcome": update.outcome.value,
                "summary": update.summary,
                # Without quotes and escapes: an input transformer of EventBridge may copy it as it is.
                "short": text_outcome(update),
                "hotfix": say_hotfix(update),
                "reason": update.given_reason,
                "started_by": list(update.offered_by or ()),
                "moving_seconds": update.progress.moving_seconds,
                "overrides": [
                    override.model_dump()
                    for override in (update.plan.overrides if update.plan else ())
                ],
                "reasons": [reason.model_dump() for reason in fit_reasons(update.reasons)],
                "evidence": to_jsonable_python(update.found.evidence),
                "golden": [result.model_dump(mode="json") for result in update.found.golden],
                "identity": (update.found.identity or UNASKED).model_dump(mode="json"),
                "serving": update.serving.model_dump(mode="json") if update.serving else None,
                "serving_config": update.serving_config,
                "report": report.place if report else "",
                "since": since,
                "next_steps": [step.model_dump() for step in advise(update)],
                "started_at": update.started_at.isoformat(),
                "ended_at": update.ended_at.isoformat() if update.ended_at else None,
            }
        ),
    )


def announce_given_up(claim: Claim) -> Announcement:
    """Tell people that an update holds its endpoint, although no execution continues the update."""
    outcome, reason = Outcome.NEEDS_OPERATOR.value, given_up(claim)
    return Announcement(
        subject=_ascii(
            f"{outcome}: {claim.endpoint} is held by an update that no recovery could end"
        )[:_SUBJECT_LENGTH],
        text=for_message(str(reason)),
        sms=text_given_up(claim.endpoint, claim.update_id),
        attributes={
            "outcome": outcome,
            "endpoint": claim.endpoint,
            "version": "",
            "update_id": claim.update_id,
        },
        detail_type="",
        detail={},
    )


def _bounded(detail: dict[str, Any]) -> dict[str, Any]:
    """The detail within an event's limit. Parts are left out until it fits; `left_out` names them."""
    left_out: list[str] = []
    for name in _LEFT_OUT_FIRST:
        if len(json.dumps(detail, ensure_ascii=False).encode()) <= _MOST_DETAIL_BYTES:
            break
        left_out.append(name)
        detail = {**detail, name: type(detail[name])(), "left_out": left_out}
    return detail


def ask_people(
    update: Update,
    gate: Gate,
    reasons: Iterable[Reason],
    until: datetime,
    links_url: str,
    secret: str,
) -> Announcement:
    """Ask people whether a planned update may start, or one that serves may stay, and tell how to answer.

    `secret` opens the links under `links_url`. Without links, both are empty. The message never holds the
    task token: every holder of a token can answer, and the author of that answer is not known.
    """
    said = [say_question(update, gate)]
    for reason in reasons:
        said += [f"- {reason.subject}: {reason.message}", f"→ {reason.remedy}"]
    said += [told for told in (say_hotfix(update), say_overrides(update)) if told]
    said.append(f"Offered by: {say_offerers(update.offered_by)}.")
    if update.given_reason and not update.hotfix_reason:
        said.append(f"Why: {quote(update.given_reason)}.")
    said += [
        f"Plan {update.planned.digest[:12]}: an approval counts for this plan only.",
        f"Yes: switchover approve {update.endpoint}",
        f"No: switchover reject {update.endpoint} --reason '…'",
    ]
    # The links are added below: nothing else in the message may become a link.
    lines = [*map(for_message, said)]
    if secret:
        lines += [
            f"{word}, by a page with a button:"
            f" {links_url}?{write_query(update.update_id, secret, verdict)}"
            for word, verdict in (("Yes", Reply.APPROVED), ("No", Reply.DECLINED))
        ]
        lines.append("Anybody with these links can answer: forward this message only to approvers.")
    if update.planned.approval.four_eyes:
        lines.append(
            "A person who offered the update may not approve it. Only `switchover approve` counts."
        )
    lines += [
        f"Until {until:%Y-%m-%d %H:%M} UTC. {say_silence(gate)}",
    ]
    name = _ASKED[gate]
    return Announcement(
        subject=_ascii(f"{_VERBS[gate]} {update.endpoint} {update.version}")[:_SUBJECT_LENGTH],
        text="\n".join(lines),
        sms=text_question(update, gate, until),
        attributes={
            "outcome": name,
            "endpoint": update.endpoint,
            "version": update.version,
            "update_id": update.update_id,
        },
        detail_type=f"Update {name}",
        detail={"update_id": update.update_id, "endpoint": update.endpoint},
    )


def _ascii(text: str) -> str:
    return "".join(char if " " <= char <= "~" else "?" for char in text)
