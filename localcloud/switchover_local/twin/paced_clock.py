"""Virtual time that passes by itself in proportion to real time, for a twin that people watch."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING

from .agenda import Agenda

if TYPE_CHECKING:
    from collections.abc import Callable

    from .agenda import Timer

logger = logging.getLogger("switchover.local")

# Longer than the functions of an update run (50 s), so only the hold of a dead or very slow one ends.
HOLD_SECONDS = 60.0
# How long the twin may work at a stretch before other work on its thread.
_WORK_SECONDS = 0.02


class Hold:
    """A lease on virtual time: time stops while a hold is taken.

    A taken hold lasts for at most `bound_seconds` of real time. Then time runs again, so that a dead
    worker can't stop the clock for ever. If several threads of one owner release the hold, time passes
    until each of them has taken it again.
    """

    def __init__(self, clock: PacedClock, bound_seconds: float) -> None:
        self._clock = clock
        self.bound_seconds = bound_seconds
        self.waits = 0
        self._is_over = False

    def take(self) -> None:
        """Stop time, for the first time or again; does nothing after the hold's end."""
        if not self._is_over:
            self._clock.take(self)

    def let_go(self) -> None:
        """Let time pass while the owner waits."""
        self._clock.let_go(self)

    def end(self) -> None:
        """End the hold."""
        self._is_over = True
        self._clock.let_go(self)


class PacedClock:
    """Time that runs at most `speed` times as fast as the wall, for a twin that people watch.

    Time stops while a `Hold` is taken and while timers' actions run, and never passes a timer whose
    action hasn't run yet: work that takes real time takes no virtual time. The owner calls `run_due`,
    and sleeps `seconds_to_next` in between, or until `on_change` is called. The twin also calls it
    before each API call, so that every answer is up to date.

    Any thread may use holds, timers and readings; actions run on the thread that calls `run_due`.
    """

    def __init__(
        self, start: datetime, speed: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._origin = start.astimezone(UTC)
        self._origin_real = monotonic()
        self._speed = speed
        self._agenda = Agenda()
        self._firing_at: datetime | None = None
        self._limit = self._origin
        self._holds: dict[Hold, float] = {}
        self._lock = RLock()
        self.on_change: Callable[[], object] = lambda: None

    @property
    def speed(self) -> float:
        """The most virtual seconds per real second."""
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Continue from the present virtual moment at another speed."""
        with self._lock:
            self._start_from(self.now())
            self._speed = speed
        self.on_change()

    def now(self) -> datetime:
        """The virtual moment, in UTC; inside a timer's action, exactly that timer's moment."""
        with self._lock:
            if self._firing_at is not None:
                return self._firing_at
            reached, due = self._reached(), self._agenda.next_due()
            return reached if due is None else max(self._origin, min(reached, due))

    def call_at(self, when: datetime, action: Callable[[], object]) -> Timer:
        """Run `action` when the clock reaches `when`; a moment already past means at once."""
        with self._lock:
            timer = self._agenda.add(max(when, self.now()), action)
        self.on_change()
        return timer

    def call_later(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Run `action` once `seconds` of virtual time have passed."""
        with self._lock:
            return self.call_at(self.now() + timedelta(seconds=seconds), action)

    def hold(self, bound_seconds: float = HOLD_SECONDS) -> Hold:
        """Stop time until the returned hold is released, or its bound has passed."""
        hold = Hold(self, bound_seconds)
        hold.take()
        return hold

    def take(self, hold: Hold) -> None:
        """Stop time for a hold; see `Hold.take`."""
        with self._lock:
            hold.waits = max(0, hold.waits - 1)
            if hold.waits:
                return
            if not self._is_held():
                self._start_from(self.now())
                self._limit = self._origin  # even if the hold ends while actions still run
            self._holds[hold] = self._monotonic() + hold.bound_seconds

    def let_go(self, hold: Hold) -> None:
        """Release a hold; see `Hold.let_go`."""
        with self._lock:
            hold.waits += 1
            was_taken = self._holds.pop(hold, None) is not None
            if was_taken and not self._holds:
                self._start_from(self._origin)
        if was_taken:
            self.on_change()

    def waits_for_others(self, hold: Hold) -> bool:
        """Whether time is stopped by more than this hold."""
        with self._lock:
            return self._is_held() and self._holds.keys() != {hold}

    def run_due(self) -> None:
        """Run the actions that are due; each sees its due moment as now().

        Timers that fall due meanwhile wait for the next call. After a slice of real time, the remaining
        timers wait too, so that the call returns soon even with much work. After an action takes a hold,
        only the timers of the same moment still run.
        """
        with self._lock:
            if self._firing_at is not None:  # an action called the twin: no nested run
                return
            self._limit = self._reached()
        began = self._monotonic()
        try:
            while (timer := self._pop_due()) is not None:
                timer.action()
                if self._monotonic() - began >= _WORK_SECONDS:
                    break
        finally:
            with self._lock:
                self._firing_at = None
                due = self._agenda.next_due() or self._limit
                self._start_from(max(self._origin, min(self._limit, due)))

    def seconds_to_next(self) -> float | None:
        """Real seconds until the next timer falls due; None if nothing is planned or time stands."""
        with self._lock:
            due = self._agenda.next_due()
            if due is None or (self._is_held() and due > self._origin):
                return None
            return max(0.0, (due - self._reached()).total_seconds() / self._speed)

    def _pop_due(self) -> Timer | None:
        with self._lock:
            due = self._agenda.next_due()
            if due is None or due > self._limit:
                return None
            timer = self._agenda.pop()
            self._firing_at = self._origin = max(self._origin, timer.due)
            return timer

    def _reached(self) -> datetime:
        """The present moment if no timer limited it."""
        if self._is_held():
            return self._origin
        elapsed = self._monotonic() - self._origin_real
        return self._origin + timedelta(seconds=elapsed * self._speed)

    def _start_from(self, moment: datetime) -> None:
        self._origin, self._origin_real = moment, self._monotonic()

    def _is_held(self) -> bool:
        wall = self._monotonic()
        for hold in [hold for hold, until in self._holds.items() if until <= wall]:
            logger.warning("time stood for %g s: it goes on without waiting", hold.bound_seconds)
            del self._holds[hold]
            if not self._holds:
                self._start_from(self._origin)
        return bool(self._holds)
