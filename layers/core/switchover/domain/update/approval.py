"""What people are asked, by which way they answer, and what is kept of question and answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import assert_never

from pydantic import BaseModel, ConfigDict

from switchover.domain.callers import say_caller
from switchover.domain.plain_text import quote
from switchover.domain.reasons import Reason

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
                return f"The approval by {self.who} doesn't count: {self.reasons[0].message}"
            case Reply.EXPIRED:
                return "Nobody answered in time. This counts as a no."
            case Reply.FAILED:
                return f"An error ended the question{why}"
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
                return "an observation of the endpoint"
            case Channel.ABORT:
                return f"{named or 'somebody'} (who aborted the update)"
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
