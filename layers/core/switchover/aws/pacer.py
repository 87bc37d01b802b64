"""Pauses in SageMaker's time, which a rehearsal lets run faster than the clock on the wall."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_MEASURED_SECONDS = 1.0
# An answer's Date tells whole seconds: what looks less than so much faster runs as the wall does.
_CLEARLY_FASTER = 3.0


class Pacer:
    """Sleeps as long as SageMaker's clock takes. `read_clock` asks it for its time."""

    def __init__(
        self,
        read_clock: Callable[[], datetime],
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read_clock = read_clock
        self._sleep = sleep
        self._monotonic = monotonic
        self._began = monotonic()
        self._speed: float | None = None

    @property
    def spent_seconds(self) -> float:
        """Seconds on the wall since it was made."""
        return self._monotonic() - self._began

    def pause(self, seconds: float) -> None:
        """Let so many of SageMaker's seconds pass."""
        if self._speed is None:
            self._speed = self._measure()
        self._sleep(seconds / self._speed)

    def _measure(self) -> float:
        before, began = self._read_clock(), self._monotonic()
        self._sleep(_MEASURED_SECONDS)
        passed = (self._read_clock() - before).total_seconds()
        speed = passed / (self._monotonic() - began)
        return speed if speed >= _CLEARLY_FASTER else 1.0
