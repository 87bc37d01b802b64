"""Scripts on a clock: a long act of AWS is a generator that yields the time of each step."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchover_local.twin.agenda import Timer
    from switchover_local.twin.clock import Clock


@dataclass(frozen=True, slots=True)
class Pause:
    """The time of a step. Only a bake reacts to alarms."""

    seconds: float
    is_bake: bool = False


Script = Generator[Pause, None, None]


class StepFailed(Exception):
    """A step couldn't be done; `reason` is what DescribeEndpoint will say."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Run:
    """Runs a script on the clock, from pause to pause, to `finished` or `failed`."""

    def __init__(
        self,
        clock: Clock,
        script: Script,
        finished: Callable[[], None],
        failed: Callable[[StepFailed], None],
    ) -> None:
        self._clock = clock
        self._script = script
        self._finished = finished
        self._failed = failed
        self._timer: Timer | None = None
        self._pause: Pause | None = None

    @property
    def is_baking(self) -> bool:
        """Whether the script is in a bake right now."""
        return self._pause is not None and self._pause.is_bake

    def start(self) -> None:
        """Continue until the script pauses or ends."""
        self._pause = None
        try:
            while (pause := next(self._script)).seconds <= 0:
                pass
        except StopIteration:
            self._finished()
        except StepFailed as failure:
            self._failed(failure)
        else:
            self._pause = pause
            self._timer = self._clock.call_later(pause.seconds, self.start)

    def stop(self) -> None:
        """Stop the script for good."""
        if self._timer is not None:
            self._timer.cancel()
        self._pause = None
        self._script.close()
