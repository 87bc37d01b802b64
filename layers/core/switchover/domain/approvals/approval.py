"""What people are asked, how they may answer, and what their answer means."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict

from switchover.domain.approvals.callers import say_caller
from switchover.domain.plain_text import quote
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.domain.update import Update

LONGEST_WORDS = 500
LONGEST_NAME = 200


class Gate(StrEnum):
    """What a person is asked: may it start, and may it stay."""

    START = "approval"
    PROMOTION = "promotion"


class Channel(StrEnum):
    """Which way an answer came, and so how its author is known.

    IAM: AWS authenticated the caller, who is named by ARN. LINK: as claimed by the holder of the link.
    CONSOLE: unknown, as the task token was answered by hand. LOOK: no person's, but a look that found the
    question settled. ABORT: the update was called off. CLI: what earlier versions wrote of an answer by
    command, in which the sender named themselves.
    """

    IAM = "iam"
    LINK = "link"
    CONSOLE = "console"
    LOOK = "look"
    ABORT = "abort"
    CLI = "cli"


class Reply(StrEnum):
    """How a question ended.

    VOID: a yes that doesn't count. FAILED: it could not be asked, or its task was failed from outside.
    """

    APPROVED = "approved"
    DECLINED = "declined"
    VOID = "void"
    EXPIRED = "expired"
    FAILED = "failed"


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
    # Of the plan that people were shown.
    plan_digest: str = ""

    @property
    def told(self) -> str:
        """What people read in the timeline."""
        why = self._why
        match self.verdict:
            case Reply.APPROVED:
                return f"{_STAYS[self.gate]} by {self.who}{why}"
            case Reply.DECLINED:
                return f"Rejected by {self.who}{why}"
            case Reply.VOID:
                return f"The yes of {self.who} doesn't count: {self.reasons[0].message}"
            case Reply.EXPIRED:
                return "Nobody answered in time, which is a no."
            case Reply.FAILED:
                return f"The question was ended by an error{why}"
            case _:
                assert_never(self.verdict)

    @property
    def _why(self) -> str:
        """The end of a sentence: what a person said is quoted, what a look found is our own."""
        if not self.reason:
            return "."
        return f": {self.reason if self.channel in _OURS else f'{quote(self.reason)}.'}"

    @property
    def who(self) -> str:
        """Who answered, and how that is known. Names that people typed are quoted."""
        named = quote(self.by, LONGEST_NAME) if self.by else ""
        match self.channel:
            case Channel.IAM:
                return say_caller(self.by)
            case Channel.LINK:
                return f"{named or 'somebody'} (as claimed by the holder of the link)"
            case Channel.CONSOLE:
                claimed = f", and claims to be {named}" if named else ""
                return f"somebody who answered the task token{claimed}"
            case Channel.LOOK:
                return "a look at the endpoint"
            case Channel.ABORT:
                return f"{named or 'somebody'} (who called the update off)"
            case Channel.CLI:
                return f"{named or 'somebody'} (as claimed at a command line)"
            case _:
                assert_never(self.channel)


_OURS = frozenset({Channel.LOOK, Channel.ABORT})
_STAYS = {Gate.START: "Approved", Gate.PROMOTION: "Approved to stay"}


class Question(BaseModel):
    """What people are asked, since when, and until when a yes counts.

    `reasons` are why they are asked at all, where it isn't the policy that wants it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: Gate
    asked_at: datetime
    until: datetime
    reasons: tuple[Reason, ...] = ()


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


def verdict_of(approval: Approval) -> str:
    """What the state machine goes on with."""
    if approval.verdict is not Reply.APPROVED:
        return "not_approved"
    return "approved" if approval.gate is Gate.START else "promoted"


def refusals_of(approval: Approval) -> tuple[Reason, ...]:
    """Why an update doesn't go on, if the answer wasn't yes."""
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
                message=f"the question was ended by an error{why}",
                remedy="See the log of RequestApproval, then start the release again.",
            )
        case _:
            assert_never(approval.verdict)
    return (reason,)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
