"""The questions to people, the channels of their answers, and the records of both."""

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
    """The questions: may the update start, and may the new version stay."""

    START = "approval"
    PROMOTION = "promotion"


class Channel(StrEnum):
    """The channel of an answer, which decides how its author is known.

    IAM: AWS authenticated the caller, who is named by ARN. LINK: as claimed by the holder of the
    link. CONSOLE: unknown, because the task token was answered by hand. LOOK: no person, but an
    observation that settled the question. ABORT: the update was aborted. CLI: an answer by command in
    earlier versions, with a name that the sender claimed. CHAT: a button under a message in chat, pressed
    by an unknown member of the channel.
    """

    IAM = "iam"
    LINK = "link"
    CHAT = "chat"
    CONSOLE = "console"
    LOOK = "look"
    ABORT = "abort"
    CLI = "cli"


class Reply(StrEnum):
    """How a question ended.

    VOID: a yes that doesn't count. FAILED: the question could not be asked, or its task was failed
    from outside.
    """

    APPROVED = "approved"
    DECLINED = "declined"
    VOID = "void"
    EXPIRED = "expired"
    FAILED = "failed"


class Approval(BaseModel):
    """One question to people and its answer, if any: who, when, why and by which channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: Gate
    verdict: Reply
    by: str
    reason: str
    channel: Channel
    at: datetime
    reasons: tuple[Reason, ...] = ()
    # The digest of the plan that people saw.
    plan_digest: str = ""

    @property
    def told(self) -> str:
        """The answer in words, for the timeline."""
        why = self._why
        match self.verdict:
            case Reply.APPROVED:
                return f"{_STAYS[self.gate]} by {self.who}{why}"
            case Reply.DECLINED:
                return f"Rejected by {self.who}{why}"
            case Reply.VOID:
                return f"The approval by {self.who} doesn't count: {self.reasons[0].message}"
            case Reply.EXPIRED:
                return "No answer came in time. This counts as a no."
            case Reply.FAILED:
                return f"An error ended the question{why}"
            case _:
                assert_never(self.verdict)

    @property
    def _why(self) -> str:
        """The end of a sentence with the reason. A person's words are quoted, an observation's aren't."""
        if not self.reason:
            return "."
        return f": {self.reason if self.channel in _OURS else f'{quote(self.reason)}.'}"

    @property
    def who(self) -> str:
        """The author of the answer, and how the author is known. Typed names are quoted."""
        named = quote(self.by, LONGEST_NAME) if self.by else ""
        match self.channel:
            case Channel.IAM:
                return say_caller(self.by)
            case Channel.LINK:
                return f"{named or 'somebody'} (as claimed by the holder of the link)"
            case Channel.CHAT:
                return "the chat channel (a member pressed a button; which member isn't known)"
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
    """The question to people, its time, and the time until which a yes counts.

    `reasons` say why people are asked, if the policy doesn't require it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: Gate
    asked_at: datetime
    until: datetime
    reasons: tuple[Reason, ...] = ()


class ApprovalLink(BaseModel):
    """The record of the links in a notification. It never contains the secret itself.

    `reasons` say why people are asked, if the policy doesn't require it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: Gate
    secret_sha256: str
    expires_at: datetime
    reasons: tuple[Reason, ...] = ()
