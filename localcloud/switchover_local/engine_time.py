"""Makes MiniStack use the twin's virtual time, which stops while MiniStack works for the product.

MiniStack itself waits in real seconds. SageMaker would then run far ahead while a function starts, and
a poll of 300 s would come once in many virtual hours. Here, virtual time stops during an execution
(except in its waits), while a function starts or runs, and from an event until its effects are done.
Waits, timeouts of task tokens, pauses before a retry, rules and schedules use virtual time. The timeout
of a function, and of a task that runs one, is in real time: virtual time doesn't pass while it runs.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover_local.twin.paced_clock import Hold, PacedClock

logger = logging.getLogger("switchover.local")

TICK_SECONDS = 10  # the interval at which MiniStack checks for due schedules and rules
_SYMBOLS = {
    "stepfunctions": ("_run_execution", "_scaled_sleep", "_invoke_with_callback", "now_iso"),
    "eventbridge": ("_dispatch_to_lambda", "_now_ts", "_tick_scheduled_rules", "start_scheduler"),
    "scheduler": ("_tick_schedules", "start_scheduler"),
    "s3": ("now_iso",),
}


def live_on(clock: PacedClock) -> bool:
    """Make executions, rules and schedules use this clock; False if MiniStack's code differs."""
    rooms = {name: importlib.import_module(f"ministack.services.{name}") for name in _SYMBOLS}
    if not all(hasattr(rooms[name], symbol) for name in rooms for symbol in _SYMBOLS[name]):
        return False
    threads = VirtualThreading(clock)
    times = SimpleNamespace(
        sleep=lambda seconds: threads.Event().wait(seconds),
        time=lambda: clock.now().timestamp(),
        monotonic=time.monotonic,
    )
    _replace(rooms["stepfunctions"], threading=threads, time=times, now_iso=lambda: _say(clock))
    # S3 dates its events by it: in real time, an upload would be older than decisions made before it.
    _replace(rooms["s3"], now_iso=lambda: _say(clock))
    # EventBridge's messages in queues have real time, as the queues have.
    _replace(
        rooms["eventbridge"],
        threading=threads,
        _now_ts=times.time,
        start_scheduler=lambda: None,
    )
    _replace(rooms["scheduler"], time=times, start_scheduler=lambda: None)
    ticks = (rooms["eventbridge"]._tick_scheduled_rules, rooms["scheduler"]._tick_schedules)  # noqa: SLF001 - checked above
    clock.call_later(TICK_SECONDS, partial(_tick, clock, ticks))
    return True


class VirtualThreading:
    """Replaces the `threading` module: threads hold time, and waits for events use virtual time."""

    def __init__(self, clock: PacedClock) -> None:
        own = threading.local()
        self.Lock = threading.Lock
        self.Thread: Callable[..., threading.Thread] = partial(_Working, clock, own)
        self.Event = partial(_Awaited, clock, own)


class _Working(threading.Thread):
    """A thread that holds time from its start to its end."""

    def __init__(self, clock: PacedClock, own: threading.local, **given: Any) -> None:
        super().__init__(**given)
        self._clock = clock
        self._own = own
        self._hold: Hold | None = None

    def start(self) -> None:
        """Hold time, then begin: the starting thread may release its own hold at once."""
        self._hold = self._clock.hold()
        super().start()

    def run(self) -> None:
        """Work, then release the hold."""
        self._own.hold = self._hold
        try:
            super().run()
        finally:
            if self._hold is not None:
                self._hold.end()


class _Awaited:
    """An event that a thread awaits in virtual time, without holding time meanwhile."""

    def __init__(self, clock: PacedClock, own: threading.local) -> None:
        self._clock = clock
        self._own = own
        self._lock = threading.Lock()
        self._waiter: Hold | None = None
        self._is_set = False
        self._awake = threading.Event()

    def set(self) -> None:
        """Wake the waiting thread; time stops again before the thread runs."""
        with self._lock:
            self._is_set = True
            self._wake()

    def wait(self, timeout: float) -> bool:
        """Wait until the event is set or the virtual timeout has passed; returns whether it was set."""
        with self._lock:
            if self._is_set:
                return True
            timer = self._clock.call_later(timeout, self._time_out)
            self._waiter = getattr(self._own, "hold", None)
            if self._waiter is not None:
                self._waiter.let_go()
        self._awake.wait()
        timer.cancel()
        return self._is_set

    def _time_out(self) -> None:
        with self._lock:
            self._wake()

    def _wake(self) -> None:
        if self._awake.is_set():  # its hold may be released for another wait by now
            return
        if self._waiter is not None:
            self._waiter.take()
        self._awake.set()


def _tick(clock: PacedClock, ticks: tuple[Callable[[], object], ...]) -> None:
    clock.call_later(TICK_SECONDS, partial(_tick, clock, ticks))
    for tick in ticks:
        try:
            tick()
        except Exception:
            logger.exception("a look at rules and schedules failed")


def _say(clock: PacedClock) -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _replace(room: object, **symbols: object) -> None:
    for name, symbol in symbols.items():
        setattr(room, name, symbol)
