"""Who answered a question: known from a function's record, never from the answer itself.

Every holder of a task token can answer it, with any words. So an answer refers to a record that only
functions can write. Everything else that an answer says of its author is a claim.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from switchover.domain.approvals.four_eyes import object_to_decider
from switchover.domain.bounded import Limits, Unreadable, check_value
from switchover.domain.reasons import Reason
from switchover.domain.update.approval import (
    LONGEST_NAME,
    LONGEST_WORDS,
    Approval,
    Channel,
    Gate,
    Reply,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update

_ANSWER_LIMITS = Limits(bytes=256 * 1024, values=1_000)


class Decision(BaseModel):
    """One answer as a function recorded it, for the task token that waited then.

    With IAM, `by` is the caller's ARN, as AWS authenticated it. With LINK, `by` is the typed name. With
    CHAT, `by` names the channel, not a person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    update_id: str
    gate: Gate
    verdict: Literal[Reply.APPROVED, Reply.DECLINED]
    by: str
    reason: str
    channel: Literal[Channel.IAM, Channel.LINK, Channel.CHAT]
    at: datetime
    token_sha256: str

    @property
    def key(self) -> str:
        """The name of this decision: the SHA-256 of all its fields."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def answer(self) -> dict[str, str]:
        """The output to send for the task token."""
        return {"verdict": self.verdict.value, "decision": self.key}


class Replied(BaseModel):
    """How the wait for an answer ended, as the state machine tells it.

    `answer` is the output that came for the task token, of any shape. Only the state machine writes
    `ended`: no answer came in time, or the task failed with `error`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    answer: Any = None
    ended: Literal[Reply.EXPIRED, Reply.FAILED] | None = None
    error: str = ""

    @property
    def decision(self) -> str:
        """The key of the record that the answer refers to; empty if it refers to none."""
        key = self.answer.get("decision") if isinstance(self.answer, dict) else None
        return key if isinstance(key, str) else ""


class _Words(BaseModel):
    """A task token answered by hand: `{"verdict": "approved"}` is enough."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    verdict: Literal[Reply.APPROVED, Reply.DECLINED]
    by: str = ""
    reason: str = ""


def decide(
    update: Update, verdict: Reply, by: str, reason: str, channel: Channel, at: datetime
) -> Decision:
    """Make the record of an answer to the question that an update asks now."""
    return Decision(
        update_id=update.update_id,
        gate=update.open_gate,
        verdict=verdict,
        by=by,
        reason=reason,
        channel=channel,
        at=at,
        token_sha256=_digest(update.waiting.task_token),
    )


def read_reply(
    update: Update,
    gate: Gate,
    replied: Replied,
    decided: Decision | None,
    at: datetime,
    plan_digest: str = "",
) -> Approval:
    """Read how a question ended. Everything but a plain yes is a no.

    `decided` is the record that the answer refers to, if there is one. `plan_digest` is the digest of the
    plan that people saw.
    """
    given = _read_end(update, gate, replied, decided, at)
    return given.model_copy(update={"plan_digest": plan_digest})


def choose_record(kept: Approval | None, read: Approval) -> Approval:
    """Choose what counts: an earlier try's record, unless it is a yes that `read` doesn't confirm."""
    if kept is None:
        return read
    is_confirmed = (kept.verdict, kept.channel, kept.by) == (read.verdict, read.channel, read.by)
    return kept if is_confirmed or kept.verdict is not Reply.APPROVED else read


def _read_end(
    update: Update, gate: Gate, replied: Replied, decided: Decision | None, at: datetime
) -> Approval:
    if replied.ended is not None:
        return _approval(gate, replied.ended, Channel.CONSOLE, at, reason=replied.error)
    given = _read_answer(update, gate, replied.answer, decided, at)
    if given.verdict is not Reply.APPROVED or update.plan is None:
        return given
    objections = tuple(_find_objections(update, update.plan, given))
    return (
        given.model_copy(update={"verdict": Reply.VOID, "reasons": objections})
        if objections
        else given
    )


def _find_objections(update: Update, plan: Plan, given: Approval) -> Iterator[Reason]:
    if plan.approval.four_eyes:
        objection = object_to_decider(update.endpoint, update.offered_by, given.by, given.channel)
        if objection is not None:
            yield objection
    if (
        given.gate is Gate.START
        and plan.times.begin_by is not None
        and given.at > plan.times.begin_by
    ):
        yield Reason(
            code="approval.too-late",
            subject=f"endpoint {plan.endpoint}",
            message=(
                f"the approval came at {given.at:%Y-%m-%d %H:%M} UTC. The update had to begin by"
                f" {plan.times.begin_by:%Y-%m-%d %H:%M} UTC to end before its window closes or a freeze"
                " begins."
            ),
            remedy=(
                "Start the release again: the update waits for the next opening, and asks then."
                f" To start it at once: switchover start --endpoint {plan.endpoint}"
                f" --version {plan.target.version} --now --reason '…'"
            ),
        )


def answer_by(plan: Plan, gate: Gate, asked_at: datetime, seconds: int) -> datetime:
    """When a yes stops counting: the time to answer is over, or the update may no longer begin."""
    until = asked_at + timedelta(seconds=seconds)
    return until if gate is not Gate.START else min(until, plan.times.begin_by or until)


def _read_answer(
    update: Update, gate: Gate, answer: Any, decided: Decision | None, at: datetime
) -> Approval:
    if decided is not None and _is_of(decided, update, gate):
        return _approval(
            gate, decided.verdict, decided.channel, at, by=decided.by, reason=decided.reason
        )
    try:
        check_value(answer, _ANSWER_LIMITS)
        said = _Words.model_validate(answer)
    except Unreadable as error:
        said = _Words(verdict=Reply.DECLINED, reason=f"this answer can't be read: it {error}")
    except ValidationError:
        said = _Words(verdict=Reply.DECLINED, reason=f"this answer isn't known: {_cut(answer)}")
    # An abort, or an observation that settled the question, records its reasons before it answers the
    # token.
    noted = update.abort.reasons if update.abort else update.asking.closed_by
    if said.verdict is Reply.DECLINED and noted:
        channel, by = (Channel.ABORT, update.abort.by) if update.abort else (Channel.LOOK, "")
        why = "; ".join(f"{reason.subject} {reason.message}" for reason in noted)
        return _approval(gate, said.verdict, channel, at, by=by, reason=why, reasons=noted)
    return _approval(gate, said.verdict, Channel.CONSOLE, at, by=said.by, reason=said.reason)


def _approval(gate: Gate, verdict: Reply, channel: Channel, at: datetime, **said: Any) -> Approval:
    words = {
        "by": said.get("by", "")[:LONGEST_NAME],
        "reason": said.get("reason", "")[:LONGEST_WORDS],
    }
    return Approval(
        gate=gate, verdict=verdict, channel=channel, at=at, reasons=said.get("reasons", ()), **words
    )


def _is_of(decided: Decision, update: Update, gate: Gate) -> bool:
    """Whether a record answers this question. The record for an earlier token doesn't."""
    return (decided.update_id, decided.gate, decided.token_sha256) == (
        update.update_id,
        gate,
        _digest(update.waiting.task_token),
    )


def _cut(answer: Any) -> str:
    return repr(answer)[:LONGEST_WORDS]


def _digest(token: str | None) -> str:
    return hashlib.sha256((token or "").encode()).hexdigest()
