"""Virtual time: fleets, bakes, metrics and alarms live on a `Clock`, never on the wall."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(order=True, slots=True)
class Timer:
    """One action that will happen at `due`, unless it is cancelled before."""

    due: datetime
    sequence: int
    action: Callable[[], object] = field(compare=False)
    is_cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Make sure that the action never happens; harmless once it has."""
        self.is_cancelled = True


class Clock(Protocol):
    """What the twin asks of time."""

    def now(self) -> datetime:
        """The virtual moment, in UTC."""

    def call_at(self, when: datetime, action: Callable[[], object]) -> Timer:
        """Run `action` when the clock reaches `when`; a moment already past means at once."""

    def call_later(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Run `action` once `seconds` of virtual time have passed."""

    def run_due(self) -> None:
        """Run every action whose moment has come, in order."""


class _Agenda:
    """Timers in the order they fall due; those of one instant in the order they were set."""

    def __init__(self) -> None:
        self._timers: list[Timer] = []
        self._sequence = 0

    def add(self, due: datetime, action: Callable[[], object]) -> Timer:
        self._sequence += 1
        timer = Timer(due, self._sequence, action)
        heapq.heappush(self._timers, timer)
        return timer

    def next_due(self) -> datetime | None:
        while self._timers and self._timers[0].is_cancelled:
            heapq.heappop(self._timers)
        return self._timers[0].due if self._timers else None

    def pop(self) -> Timer:
        return heapq.heappop(self._timers)


class SteppedClock:
    """Time that moves only when told to, jumping exactly from one timer to the next."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._agenda = _Agenda()
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
        """Run what is due at this very moment, unless an action is what asks for it."""
        if not self._is_firing:
            self.advance_to(self._now)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass, and all that falls due in them happen."""
        self.advance_to(self._now + timedelta(seconds=seconds))

    def advance_to(self, when: datetime) -> None:
        """Let time pass until `when`, and all that falls due on the way happen."""
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
        self._is_firing = True
        try:
            timer.action()
        finally:
            self._is_firing = False
        return True

    def run_until(self, predicate: Callable[[], bool], limit_seconds: float) -> bool:
        """Run timers until `predicate` holds; False if it doesn't within `limit_seconds`.

        Time stands at the timer that made it hold, which is the exact moment it became true.
        """
        limit = self._now + timedelta(seconds=limit_seconds)
        while not predicate():
            due = self._agenda.next_due()
            if due is None or due > limit:
                self._now = limit
                return predicate()
            self.run_next()
        return True


class PacedClock:
    """Time that runs `speed` times as fast as the wall, for a twin that people watch.

    Whoever owns it pumps `run_due`, sleeping `seconds_to_next` in between; the twin also pumps
    it before each API call, so that no answer is older than the question.
    """

    def __init__(
        self, start: datetime, speed: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._origin = start.astimezone(UTC)
        self._origin_real = monotonic()
        self._speed = speed
        self._agenda = _Agenda()
        self._firing_at: datetime | None = None

    @property
    def speed(self) -> float:
        """Virtual seconds per real second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Go on from this virtual moment at another pace."""
        now = self._paced_now()
        self._origin, self._origin_real = now, self._monotonic()
        self._speed = speed

    def now(self) -> datetime:
        """The virtual moment, in UTC; inside a timer's action, exactly that timer's moment."""
        return self._firing_at or self._paced_now()

    def call_at(self, when: datetime, action: Callable[[], object]) -> Timer:
        """Run `action` when the clock reaches `when`; a moment already past means at once."""
        return self._agenda.add(max(when, self.now()), action)

    def call_later(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Run `action` once `seconds` of virtual time have passed."""
        return self.call_at(self.now() + timedelta(seconds=seconds), action)

    def run_due(self) -> None:
        """Run every action whose moment has come, each seeing now() as its own due moment.

        What falls due while it runs waits for the next call, so that it returns even where more
        virtual work comes in than real time can do.
        """
        if self._firing_at is not None:  # an action asked the twin something: no nested pumping
            return
        until = self._paced_now()
        try:
            while (due := self._agenda.next_due()) is not None and due <= until:
                timer = self._agenda.pop()
                self._firing_at = timer.due
                timer.action()
        finally:
            self._firing_at = None

    def seconds_to_next(self) -> float | None:
        """Real seconds until the next timer falls due; None if nothing is planned."""
        due = self._agenda.next_due()
        if due is None:
            return None
        return max(0.0, (due - self._paced_now()).total_seconds() / self._speed)

    def _paced_now(self) -> datetime:
        elapsed = self._monotonic() - self._origin_real
        return self._origin + timedelta(seconds=elapsed * self._speed)
