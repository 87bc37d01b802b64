"""What people are asked, how they may answer, and what their answer means."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, ValidationError

from switchover.domain.bounded import Limits, Unreadable, check_value
from switchover.domain.reasons import MOST_REASONS, Reason

if TYPE_CHECKING:
    from switchover.domain.update import Update

LONGEST_WORDS = 500
_REPLY_LIMITS = Limits(bytes=256 * 1024, values=1_000)


class Gate(StrEnum):
    """What a person is asked: may it start, and may it stay."""

    START = "approval"
    PROMOTION = "promotion"


class Channel(StrEnum):
    """Which way an answer came. Whoever answers a task token by hand names nobody.

    LOOK: no person's, but a look that found the question settled.
    """

    CLI = "cli"
    LINK = "link"
    CONSOLE = "console"
    LOOK = "look"


class Reply(StrEnum):
    """How a question ended. FAILED: it could not be asked, or its task was failed from outside."""

    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    FAILED = "failed"


class Answer(BaseModel):
    """What a task token is answered with: `{"verdict": "approved"}` is enough.

    `reasons` of a no stand in the outcome as they are, in place of a person's.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    verdict: Reply
    by: str = ""
    reason: str = ""
    channel: Channel = Channel.CONSOLE
    reasons: tuple[Reason, ...] = ()


class Approval(BaseModel):
    """One question to people, answered or not: who, when, why and by which way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: Gate
    verdict: Reply
    by: str
    reason: str
    channel: Channel
    at: datetime
    reasons: tuple[Reason, ...] = ()

    @property
    def told(self) -> str:
        """What people read in the timeline."""
        why = f": {self.reason}" if self.reason else "."
        match self.verdict:
            case Reply.APPROVED:
                return f"{_STAYS[self.gate]} by {self.who}{why}"
            case Reply.DECLINED:
                return f"Rejected by {self.who}{why}"
            case Reply.EXPIRED:
                return "Nobody answered in time, which is a no."
            case Reply.FAILED:
                return f"The question was ended by an error{why}"
            case _:
                assert_never(self.verdict)

    @property
    def who(self) -> str:
        """Who answered, as far as their way of answering tells."""
        match self.channel:
            case Channel.CLI:
                return self.by.rpartition(":")[2] or "somebody at a command line"
            case Channel.LINK:
                return f"{self.by} (so they say), by link" if self.by else "somebody with the link"
            case Channel.CONSOLE:
                return "somebody who answered the task token"
            case Channel.LOOK:
                return "a look at the endpoint"
            case _:
                assert_never(self.channel)


_STAYS = {Gate.START: "Approved", Gate.PROMOTION: "Approved to stay"}


class ApprovalLink(BaseModel):
    """What is kept of the links in a notification: never the secret itself.

    `reasons` are why people are asked at all, where it isn't the policy that wants it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: Gate
    secret_sha256: str
    expires_at: datetime
    reasons: tuple[Reason, ...] = ()


class LinkState(StrEnum):
    """Whether a link may still be answered by. WRONG doesn't tell what is wrong."""

    OPEN = "open"
    WRONG = "wrong"
    EXPIRED = "expired"
    ANSWERED = "answered"


def make_link(
    gate: Gate, secret: str, expires_at: datetime, reasons: tuple[Reason, ...] = ()
) -> ApprovalLink:
    """What the ledger keeps of a fresh secret."""
    return ApprovalLink(
        gate=gate, secret_sha256=_digest(secret), expires_at=expires_at, reasons=reasons
    )


def write_query(update_id: str, secret: str, verdict: Reply) -> str:
    """What a link says after its `?`."""
    return urlencode({"update": update_id, "secret": secret, "verdict": verdict.value})


def check_link(update: Update | None, secret: str, now: datetime) -> LinkState:
    """Say whether a secret opens the gate where people are asked now, in constant time."""
    link = update.approval_link if update else None
    kept = link.secret_sha256 if link else _digest("")
    if not hmac.compare_digest(kept, _digest(secret)) or update is None or link is None:
        return LinkState.WRONG
    given = update.approval_of(link.gate)
    if given is not None and given.verdict is Reply.EXPIRED:
        return LinkState.EXPIRED
    if update.open_gate is not link.gate:
        return LinkState.ANSWERED
    return LinkState.EXPIRED if now >= link.expires_at else LinkState.OPEN


def read_reply(raw: Any, gate: Gate, at: datetime) -> Approval:
    """Understand what a token was answered with; whatever isn't a plain yes is a no."""
    try:
        check_value(raw, _REPLY_LIMITS)
        given = Answer.model_validate(raw)
    except Unreadable as error:
        given = Answer(verdict=Reply.DECLINED, reason=f"this answer is not read: it {error}")
    except ValidationError:
        given = Answer(
            verdict=Reply.DECLINED,
            reason=f"this answer is not understood: {raw!r}",
        )
    return Approval(
        gate=gate,
        verdict=given.verdict,
        by=given.by[:LONGEST_WORDS],
        reason=given.reason[:LONGEST_WORDS],
        channel=given.channel,
        at=at,
        reasons=given.reasons[:MOST_REASONS],
    )


def refuse(reasons: tuple[Reason, ...], by: str, channel: Channel) -> Answer:
    """A no that nobody was asked for: its reasons end the update as they are."""
    return Answer(
        verdict=Reply.DECLINED,
        by=by,
        reason="; ".join(f"{reason.subject} {reason.message}" for reason in reasons),
        channel=channel,
        reasons=reasons,
    )


def verdict_of(approval: Approval) -> str:
    """What the state machine goes on with."""
    if approval.verdict is not Reply.APPROVED:
        return "not_approved"
    return "approved" if approval.gate is Gate.START else "promoted"


def refusals_of(approval: Approval) -> tuple[Reason, ...]:
    """Why an update doesn't go on, if the answer wasn't yes."""
    subject = approval.gate.value
    match approval.verdict:
        case Reply.APPROVED:
            return ()
        case Reply.DECLINED if approval.reasons:
            return approval.reasons
        case Reply.DECLINED:
            reason = Reason(
                code="approval.declined",
                subject=subject,
                message=f"{approval.who} said no{f': {approval.reason}' if approval.reason else '.'}",
                remedy="Start the release again when it may go.",
            )
        case Reply.EXPIRED:
            reason = Reason(
                code="approval.expired",
                subject=subject,
                message="nobody answered in time.",
                remedy="Start the release again and have it approved.",
            )
        case Reply.FAILED:
            reason = Reason(
                code="approval.refused",
                subject=subject,
                message=f"the question was ended by an error: {approval.reason}",
                remedy="See the log of RequestApproval, then start the release again.",
            )
        case _:
            assert_never(approval.verdict)
    return (reason,)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
