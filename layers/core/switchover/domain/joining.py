"""Joining: a release that repeats a running or confirmed update starts nothing new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.fleet import EndpointReading
from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Kind
from switchover.domain.reasons import Reason
from switchover.domain.release import Start

if TYPE_CHECKING:
    from switchover.domain.fleet import Absent
    from switchover.domain.update.update import Update

# A release's fields about itself and its start: after the start they change nothing.
_TOLD_ONLY = {"json_schema": None, "reason": "", "start": Start.NOW, "hotfix": False}


def is_granted(
    update: Update, newest: Update | None, endpoint: EndpointReading | Absent, *, is_running: bool
) -> bool:
    """Whether the newest update of an endpoint does the same, and is running or was confirmed.

    A running update uses the policy that it began with: with another policy the same request may end
    differently. An update that is rolling back, or is being aborted, doesn't count.
    """
    if newest is None or newest.update_id == update.update_id:
        return False
    if not _asks_the_same(update, newest):
        return False
    if newest.outcome is None:
        is_alike = (update.pins.policy_version, bool(update.hotfix_reason)) == (
            newest.pins.policy_version,
            bool(newest.hotfix_reason),
        )
        return is_running and is_alike and not newest.is_ending and not newest.way_back.cause
    return (
        newest.outcome is Outcome.UPDATED
        and isinstance(endpoint, EndpointReading)
        and endpoint.pending_config_name is None
        and endpoint.config_name == newest.serving_config
    )


def joined(update: Update, granted: Update) -> Reason:
    """The reason for an update whose request another update already fulfils."""
    if granted.outcome is None:
        done, told = "is running", "its outcome counts for both"
    else:
        done, told = "has ended: the version serves", "there is nothing left to do"
    return Reason(
        code="queue.joined",
        subject=f"endpoint {update.endpoint}",
        message=(
            f"{granted.update_id} asks for the same version {update.version} with the same files, and"
            f" {done}: {told}."
        ),
        remedy=f"Nothing to do; to follow that update: switchover explain {granted.update_id}",
    )


def _asks_the_same(update: Update, other: Update) -> bool:
    is_release = update.kind is Kind.RELEASE and update.release is not None
    return is_release and _wish_of(update) == _wish_of(other)


def _wish_of(update: Update) -> tuple[object, ...]:
    """All inputs that decide the effect of an update."""
    release = update.release.model_copy(update=_TOLD_ONLY) if update.release else None
    overrides = update.request.policy if update.request else {}
    return update.bucket, update.version, release, overrides
