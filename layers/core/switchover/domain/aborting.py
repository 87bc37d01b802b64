"""Stops an update: the request is recorded, and the next reading acts on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.outcome import Outcome
from switchover.domain.plain_text import quote
from switchover.domain.plans.plan import Kind
from switchover.domain.reasons import Reason
from switchover.domain.update.records import AbortRequest

if TYPE_CHECKING:
    from switchover.domain.update.update import Update

# How often SageMaker checks alarms is undocumented (rules §2.7); metrics and alarms change once a
# minute.
PATIENCE_SECONDS = 60


def call_off(update_id: str, at: datetime, by: str, why: str) -> AbortRequest:
    """A person's request to stop an update."""
    return AbortRequest(
        at=at,
        by=by,
        reasons=(
            Reason(
                code="update.aborted",
                subject=f"update {update_id}",
                message=f"was aborted by {quote(by)}: {quote(why)}.",
                remedy="Start the release again when the reason no longer holds.",
            ),
        ),
    )


def is_by_a_person(request: AbortRequest) -> bool:
    """Whether a request only says that a person stops an update, at a plausible time.

    Other content would be reported as measured, and would mark the version bad.
    """
    is_bare = all(reason.code == "update.aborted" for reason in request.reasons)
    return is_bare and 1970 <= request.at.year <= 2999


@dataclass(frozen=True, slots=True)
class Objection:
    """Why an update can't be aborted now, and what to do instead."""

    why: str
    remedy: str


def object_to_abort(update: Update) -> Objection | None:
    """Say why an update can't be aborted now; None if it can."""
    endpoint = update.endpoint
    if update.outcome is Outcome.QUEUED:
        return Objection(
            "It waits in the queue and has changed nothing.",
            f"Remove it: switchover cancel {endpoint} {update.update_id}",
        )
    if update.outcome is not None:
        return Objection(
            f"It has already ended as {update.outcome.value}.",
            f"To return to the previous version: switchover rollback {endpoint}",
        )
    if update.is_going_back:
        return Objection("It is already rolling back.", f"Follow it: switchover watch {endpoint}")
    if update.abort is not None:
        return Objection(
            f"It was already aborted by {quote(update.abort.by)}.",
            f"Follow it: switchover watch {endpoint}",
        )
    if update.progress.is_confirmed:
        return Objection(
            "It has passed everything and is being recorded as Updated.",
            f"To return to the previous version: switchover rollback {endpoint}",
        )
    return None


class InFlight(StrEnum):
    """The treatment of a rollback that is requested while an update runs."""

    CALL_OFF = "call-off"
    FOLLOW = "follow"
    AFTERWARDS = (
        "afterwards"  # its outcome is being recorded, which takes seconds; roll back after that
    )


def answer_rollback(update: Update, to: str | None) -> InFlight | Objection:
    """Say how to bring an endpoint back while an update runs: one command, or two steps.

    `to` is the requested version; None means the version that served before.
    """
    endpoint = update.endpoint
    leads_to = _leads_to(update)
    goal = f" --to {to}" if to else ""
    then = f"then: switchover rollback {endpoint}{goal}"
    if update.kind is Kind.ROLLBACK:
        if not update.is_ending and to in {None, leads_to}:
            return InFlight.FOLLOW
        why = "is a rollback that was aborted" if update.is_ending else "is a rollback already"
        return Objection(
            f"It {why}{f', to {leads_to}' if leads_to else ''}.",
            f"Wait for its outcome: switchover watch {endpoint}; {then}",
        )
    if update.progress.is_confirmed:
        return InFlight.AFTERWARDS
    if to not in {None, leads_to}:
        stays = f"{leads_to} serves" if leads_to else "the current config still serves"
        first = (
            f"Wait for its outcome: switchover watch {endpoint}"
            if update.is_ending
            else f"First: switchover abort {endpoint} --reason '…'"
        )
        return Objection(f"If it is stopped, {stays}, not {to}.", f"{first}; {then}")
    return InFlight.FOLLOW if update.is_ending else InFlight.CALL_OFF


def _leads_to(update: Update) -> str | None:
    """The version that serves after a release was stopped or a rollback ended; None if unknown."""
    if update.kind is Kind.ROLLBACK:
        return update.plan.target.version if update.plan else update.version or None
    return update.plan.previous.version if update.plan else None


def is_unheeded(endpoint: EndpointReading | Absent, tripped_at: datetime) -> bool:
    """Whether a bake goes on although the abort alarm was red long enough for SageMaker to react.

    SageMaker checks alarms only in a bake (rules §2.7): during a launch, no reaction proves nothing.
    """
    return (
        isinstance(endpoint, EndpointReading)
        and endpoint.status is EndpointStatus.UPDATING
        and endpoint.is_baking
        and endpoint.read_at >= tripped_at + timedelta(seconds=PATIENCE_SECONDS)
    )
