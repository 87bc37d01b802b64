"""The questions to people, the ways to answer them, and the meaning of an answer."""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlencode

from switchover.domain.plain_text import quote
from switchover.domain.reasons import Reason
from switchover.domain.update.approval import Approval, ApprovalLink, Gate, Reply

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.update.update import Update


class LinkState(StrEnum):
    """Whether a link still takes an answer. WRONG doesn't tell which part is wrong."""

    OPEN = "open"
    WRONG = "wrong"
    EXPIRED = "expired"
    ANSWERED = "answered"


def make_link(
    gate: Gate, secret: str, expires_at: datetime, reasons: tuple[Reason, ...] = ()
) -> ApprovalLink:
    """Make the ledger's record of a link: the digest of its secret, never the secret."""
    return ApprovalLink(
        gate=gate, secret_sha256=_digest(secret), expires_at=expires_at, reasons=reasons
    )


def write_query(update_id: str, secret: str, verdict: Reply) -> str:
    """Write the query of a link, without the `?`."""
    return urlencode({"update": update_id, "secret": secret, "verdict": verdict.value})


def check_link(update: Update | None, secret: str, now: datetime) -> LinkState:
    """Say whether a secret opens the gate that waits now. Secrets are compared in constant time."""
    link = update.asking.link if update else None
    kept = link.secret_sha256 if link else _digest("")
    if not hmac.compare_digest(kept, _digest(secret)) or update is None or link is None:
        return LinkState.WRONG
    given = update.approval_of(link.gate)
    if given is not None and given.verdict is Reply.EXPIRED:
        return LinkState.EXPIRED
    if update.open_gate is not link.gate:
        return LinkState.ANSWERED
    return LinkState.EXPIRED if now >= link.expires_at else LinkState.OPEN


class GateVerdict(StrEnum):
    """What people's answer means for the update."""

    APPROVED = "approved"
    PROMOTED = "promoted"
    NOT_APPROVED = "not_approved"


def verdict_of(approval: Approval) -> GateVerdict:
    """The verdict on which the state machine branches."""
    if approval.verdict is not Reply.APPROVED:
        return GateVerdict.NOT_APPROVED
    return GateVerdict.APPROVED if approval.gate is Gate.START else GateVerdict.PROMOTED


def refusals_of(approval: Approval) -> tuple[Reason, ...]:
    """Why an answer stops the update; empty for a yes."""
    subject = approval.gate.value
    why = f": {quote(approval.reason)}." if approval.reason else "."
    match approval.verdict:
        case Reply.APPROVED:
            return ()
        case Reply.DECLINED | Reply.VOID if approval.reasons:
            return approval.reasons
        case Reply.DECLINED | Reply.VOID:
            reason = Reason(
                code="approval.declined",
                subject=subject,
                message=f"{approval.who} said no{why}",
                remedy="Resolve the objection, then start the release again.",
            )
        case Reply.EXPIRED:
            reason = Reason(
                code="approval.expired",
                subject=subject,
                message="no answer came in time.",
                remedy="Start the release again, and ask an approver to answer.",
            )
        case Reply.FAILED:
            reason = Reason(
                code="approval.refused",
                subject=subject,
                message=f"an error ended the question{why}",
                remedy="See the log of RequestApproval, then start the release again.",
            )
        case _:
            assert_never(approval.verdict)
    return (reason,)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
