"""Marks on bad versions, and pins that keep an endpoint on one version."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.outcome import Outcome, first_of
from switchover.domain.plain_text import one_line, quote
from switchover.domain.plans.plan import Kind
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.update.update import Update

# Reasons that were measured on the release itself. Other reasons say nothing about the release: a
# person stopped it, it got no requests, golden requests couldn't be read, or Switchover failed.
_OF_THE_RELEASE = frozenset(
    {"alarm.went-red", "golden.failed", "sagemaker.failure-reason", "update.rolled-back"}
)
# SageMaker's words for its own failures (rules §6).
_INFRASTRUCTURE = re.compile(
    r"InsufficientInstanceCapacity|CapacityError|Request to service failed"
)


class Mark(BaseModel):
    """A version that only a start by name may start again.

    `update_id` is the update that was rolled back; empty if a person marked it. `at` is None for a mark
    that can't be read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    version: str
    reason: str
    at: datetime | None
    update_id: str = ""


class Pin(BaseModel):
    """An endpoint that takes releases of one version only.

    `version` is empty and `at` None for a pin that can't be read: no release may start then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    version: str
    reason: str
    at: datetime | None

    @property
    def is_unreadable(self) -> bool:
        """Whether this is a stand-in for a pin that can't be read."""
        return not self.version

    @property
    def shown(self) -> str:
        """The version in words."""
        return "a version that can't be read" if self.is_unreadable else one_line(self.version, 100)


def mark_after(update: Update) -> Mark | None:
    """The mark for a rolled-back release, if the release itself was bad."""
    if update.outcome is not Outcome.ROLLED_BACK:
        return None
    return _mark(update, update.reasons, update.summary, update.ended_at or update.started_at)


def mark_before_way_back(update: Update, cause: tuple[Reason, ...], at: datetime) -> Mark | None:
    """The mark for a release that was just found bad, independent of the rollback's result."""
    return _mark(update, cause, first_of(cause), at)


def _mark(update: Update, reasons: tuple[Reason, ...], text: str, at: datetime) -> Mark | None:
    if update.kind is not Kind.RELEASE:
        return None
    if not any(reason.code in _OF_THE_RELEASE for reason in reasons):
        return None
    if _INFRASTRUCTURE.search(update.found.evidence.failure_reason):
        return None
    return Mark(
        endpoint=update.endpoint,
        version=update.version,
        reason=text,
        at=at,
        update_id=update.update_id,
    )


def check_marks(update: Update, mark: Mark | None, pin: Pin | None) -> Iterator[Reason]:
    """Say why a release may not start: it is marked bad, or its endpoint is pinned to another version.

    Pins and marks don't stop a rollback. A start by hand names the version, so a mark doesn't stop
    it.
    """
    if update.kind is not Kind.RELEASE:
        return
    is_by_name = update.request is None or update.request.offered_at is None
    if mark is not None and not is_by_name:
        yield Reason(
            code="release.marked-bad",
            subject=f"version {update.version}",
            message=f"is marked bad{_say_since(mark)}: {quote(mark.reason)}.",
            remedy=(
                "Offer another version; or start this one by name:"
                f" switchover start --endpoint {update.endpoint} --version {update.version}"
            ),
        )
    if pin is not None and pin.version != update.version:
        yield Reason(
            code="endpoint.pinned",
            subject=f"endpoint {update.endpoint}",
            message=f"is pinned to {pin.shown}: {quote(pin.reason)}.",
            remedy=f"Remove the pin first: switchover unpin {update.endpoint}",
        )


def _say_since(mark: Mark) -> str:
    return "" if mark.at is None else f" since {mark.at:%Y-%m-%d %H:%M} UTC"
