"""Virtual time: fleets, bakes, metrics and alarms use a `Clock`, never real time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from .agenda import Agenda

if TYPE_CHECKING:
    from collections.abc import Callable

    from .agenda import Timer


class Clock(Protocol):
    """Virtual time, as the twin uses it."""

    def now(self) -> datetime:
        """The virtual moment, in UTC."""

    def call_at(self, when: datetime, action: Callable[[], object]) -> Timer:
        """Run `action` when the clock reaches `when`; a moment already past means at once."""

    def call_later(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Run `action` once `seconds` of virtual time have passed."""

    def run_due(self) -> None:
        """Run every action whose moment has come, in order."""


class SteppedClock:
    """Time that moves only on request, and jumps exactly from one timer to the next."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._agenda = Agenda()
        self._is_firing = False

    def now(self) -> datetime:
        """The virtual moment, in UTC."""
        return self._now

    def call_at(self, when: datetime, action: Callable[[], object]) -> Timer:
        """Run `action` when the clock reaches `when`; a moment already past means at once."""
        return self._agenda.add(max(when, self._now), action)

    def call_later(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Run `action` once `seconds` of virtual time have passed."""
        return self.call_at(self._now + timedelta(seconds=seconds), action)

    def run_due(self) -> None:
        """Run what is due at this very moment, unless a timer's action is the caller."""
        if not self._is_firing:
            self.advance_to(self._now)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, and run every timer that falls due."""
        self.advance_to(self._now + timedelta(seconds=seconds))

    def advance_to(self, when: datetime) -> None:
        """Let time pass until `when`, and run every timer that falls due."""
        while (due := self._agenda.next_due()) is not None and due <= when:
            self.run_next()
        self._now = max(when, self._now)

    def run_next(self) -> bool:
        """Jump to the next timer and run it; False if nothing is planned."""
        due = self._agenda.next_due()
        if due is None:
            return False
        timer = self._agenda.pop()
        self._now = timer.due
        # An action may itself let time pass, and other timers run then.
        was_firing, self._is_firing = self._is_firing, True
        try:
            timer.action()
        finally:
            self._is_firing = was_firing
        return True

    def run_until(self, predicate: Callable[[], bool], limit_seconds: float) -> bool:
        """Run timers until `predicate` holds; False if it doesn't within `limit_seconds`.

        Time stops at the timer that made `predicate` true, which is the exact moment.
        """
        limit = self._now + timedelta(seconds=limit_seconds)
        while not predicate():
            due = self._agenda.next_due()
            if due is None or due > limit:
                self._now = limit
                return predicate()
            self.run_next()
        return True
