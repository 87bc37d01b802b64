"""The reasons why an update waits or is superseded, with their remedies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.plain_text import quote
from switchover.domain.plans.plan import Kind
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover.domain.windows.window import StartTime


def remedy_for_busy(update: Update, *, waits: bool) -> str:
    """The remedy for an update whose endpoint is claimed by another update."""
    if update.kind is Kind.ROLLBACK:
        to = update.request.to if update.request else None
        goal = f" --to {to}" if to else ""
        return (
            "A rollback doesn't wait for a running update, but aborts it. Use this command:"
            f" switchover rollback {update.endpoint}{goal}"
        )
    if waits:
        return "This update starts automatically when that one has ended."
    return (
        f"Wait for its outcome, then start this release: {start_command(update)}"
        " (the policy says `when_busy: reject`)"
    )


def start_command(update: Update, *options: str) -> str:
    """The command that starts this release again."""
    place = f"switchover start --endpoint {update.endpoint} --version {update.version}"
    return " ".join((place, *options))


def superseded_by(update: Update, newer: str) -> Reason:
    """A newer update of the endpoint replaces this one."""
    return Reason(
        code="queue.superseded",
        subject=f"endpoint {update.endpoint}",
        message=f"{newer} was offered after this one and replaces it.",
        remedy=f"Nothing to do. If this version is still wanted: {start_command(update)}",
    )


def starts_later(update: Update, start: StartTime) -> Reason:
    """The update may not begin yet."""
    return Reason(
        code="start.later",
        subject=f"endpoint {update.endpoint}",
        message=f"the update may begin at {start.at:%Y-%m-%d %H:%M} UTC: {start.why}",
        remedy=_remedy_for_time(update, start),
    )


def _remedy_for_time(update: Update, start: StartTime) -> str:
    by_itself = "It starts automatically then."
    if not start.passed_by:
        return by_itself
    asked = update.request
    others = [
        name
        for name, was_asked in (("--now", asked and asked.now), ("--hotfix", update.hotfix_reason))
        if was_asked and name not in start.passed_by
    ]
    command = start_command(
        update, *sorted((*others, *start.passed_by), reverse=True), "--reason '…'"
    )
    only = (
        "If the serving version is broken"
        if "--hotfix" in start.passed_by
        else "To start it immediately"
    )
    return f"{by_itself} {only}: {command}"


def waits_behind(update: Update, other: str) -> Reason:
    """Another update was offered earlier, and waits too."""
    return Reason(
        code="queue.behind",
        subject=f"endpoint {update.endpoint}",
        message=f"{other} was offered earlier and runs first.",
        remedy="It starts automatically in its turn.",
    )


def being_cleaned_up(endpoint: str, update_id: str) -> Reason:
    """The previous update has ended, and its changes are being restored."""
    return Reason(
        code="claim.recovering",
        subject=f"endpoint {endpoint}",
        message=f"{update_id} has ended, and its changes are being restored.",
        remedy="This update starts automatically afterwards.",
    )


def cancelled(update_id: str, why: str) -> Reason:
    """A person removed an update from the queue."""
    return Reason(
        code="queue.cancelled",
        subject=f"update {update_id}",
        message=f"was removed from the queue: {quote(why) if why else 'no reason given'}.",
        remedy="Start the release again if it is still wanted.",
    )
