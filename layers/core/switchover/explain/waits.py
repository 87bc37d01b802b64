"""The person who requested an update, and the question for which the update waits."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from pydantic import BaseModel, ConfigDict

from switchover.domain.approvals.four_eyes import say_offerers
from switchover.domain.plain_text import quote
from switchover.domain.reasons import Reason
from switchover.domain.update.approval import Gate

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


class Wait(BaseModel):
    """An update that waits for people: the question, why it is asked, and how it is answered.

    `asked_at` and `until` are None if an earlier version, which didn't record them, asked the question.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: Gate
    question: str
    reasons: tuple[Reason, ...]
    asked_at: datetime | None
    until: datetime | None
    silence: str
    yes: str
    no: str


def find_wait(update: Update) -> Wait | None:
    """The current question to people; None if the update doesn't wait for people."""
    gate = update.open_gate
    if gate is None or update.plan is None:
        return None
    asked = (
        update.asking.question
        if update.asking.question and update.asking.question.gate is gate
        else None
    )
    return Wait(
        gate=gate,
        question=say_question(update, gate),
        reasons=asked.reasons if asked else (),
        asked_at=asked.asked_at if asked else None,
        until=asked.until if asked else None,
        silence=say_silence(gate),
        yes=f"switchover approve {update.endpoint}",
        no=f"switchover reject {update.endpoint} --reason '…'",
    )


def say_question(update: Update, gate: Gate) -> str:
    """The question in one to three sentences."""
    plan = update.planned
    match gate:
        case Gate.START:
            return (
                f"{update.endpoint} wants to move to {update.version} by"
                f" {plan.deployment.pace.strategy.value}:"
                f" about {plan.times.expected_seconds // 60} minutes,"
                f" at most {plan.capacity.peak_instances} instances."
            )
        case Gate.PROMOTION:
            return (
                f"{update.endpoint} serves {update.version} with all of its traffic. Approve it?"
                f" A no rolls it back to {plan.previous.version}."
            )
        case _:
            assert_never(gate)


def say_silence(gate: Gate) -> str:
    """The result if no answer comes."""
    match gate:
        case Gate.START:
            return "Without an answer, the update is rejected."
        case Gate.PROMOTION:
            return "Without an answer, the update is rolled back."
        case _:
            assert_never(gate)


def say_starter(update: Update) -> str:
    """The person who requested the update, and the reason, if known: `user/kim (AWS identity, …): “why”`.

    Empty if neither is known.
    """
    who = say_offerers(update.offered_by) if update.offered_by else ""
    why = quote(update.given_reason) if update.given_reason else ""
    return f"{who}: {why}" if who and why else who or why
