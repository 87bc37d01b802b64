"""Timers, and the order in which they fall due."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(order=True, slots=True)
class Timer:
    """One action that will happen at `due`, unless it is cancelled before."""

    due: datetime
    sequence: int
    action: Callable[[], object] = field(compare=False)
    is_cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Keep the action from happening; does nothing if it has happened."""
        self.is_cancelled = True


class Agenda:
    """Timers in the order of their due times; timers of the same time in the order they were set."""

    def __init__(self) -> None:
        self._timers: list[Timer] = []
        self._sequence = 0

    def add(self, due: datetime, action: Callable[[], object]) -> Timer:
        """Plan one more action."""
        self._sequence += 1
        timer = Timer(due, self._sequence, action)
        heapq.heappush(self._timers, timer)
        return timer

    def next_due(self) -> datetime | None:
        """When the next timer falls due; None if nothing is planned."""
        while self._timers and self._timers[0].is_cancelled:
            heapq.heappop(self._timers)
        return self._timers[0].due if self._timers else None

    def pop(self) -> Timer:
        """Remove and return the timer that is due next."""
        return heapq.heappop(self._timers)
