"""MiniStack's threads and events: virtual time stops while they work, but not while they wait."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from switchover_local.engine_time import VirtualThreading
from switchover_local.twin.paced_clock import PacedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SPEED = 1000
PATIENCE_SECONDS = 10


class Room:
    """A clock that is pumped, as the host does, and what works on it."""

    def __init__(self) -> None:
        self.clock = PacedClock(START, SPEED)
        self.threads = VirtualThreading(self.clock)
        self._is_open = True
        self._pump = threading.Thread(target=self._keep_pumping)
        self._pump.start()

    def _keep_pumping(self) -> None:
        while self._is_open:
            self.clock.run_due()
            time.sleep(0.001)

    def close(self) -> None:
        self._is_open = False
        self._pump.join(PATIENCE_SECONDS)

    def work(self, act: Callable[[], object]) -> threading.Thread:
        thread = self.threads.Thread(target=act, daemon=True)
        thread.start()
        return thread

    def lets_time_pass(self) -> bool:
        began, deadline = self.seconds, time.monotonic() + PATIENCE_SECONDS
        while self.seconds - began < 10 and time.monotonic() < deadline:
            time.sleep(0.001)
        return self.seconds - began >= 10

    @property
    def seconds(self) -> float:
        return (self.clock.now() - START).total_seconds()


@pytest.fixture(name="room")
def open_room() -> Iterator[Room]:
    room = Room()
    yield room
    room.close()


def test_time_stands_while_a_thread_works(room: Room) -> None:
    may_end = threading.Event()
    thread = room.work(lambda: may_end.wait(PATIENCE_SECONDS))

    began = room.seconds
    time.sleep(0.02)
    ended = room.seconds
    may_end.set()
    thread.join(PATIENCE_SECONDS)

    assert ended == began


def test_time_goes_on_when_the_thread_has_ended(room: Room) -> None:
    room.work(lambda: None).join(PATIENCE_SECONDS)

    assert room.lets_time_pass()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_fails_holds_time_no_longer(room: Room) -> None:
    room.work(lambda: 1 / 0).join(PATIENCE_SECONDS)

    assert room.lets_time_pass()


def test_a_wait_ends_at_exactly_its_virtual_moment(room: Room) -> None:
    seen: list[float] = []

    def wait_and_look() -> None:
        began = room.seconds
        was_set = room.threads.Event().wait(300)
        seen.extend([room.seconds - began, was_set])

    room.work(wait_and_look).join(PATIENCE_SECONDS)

    assert seen == [300, False]


def test_time_stands_again_from_the_moment_that_a_thread_is_woken(room: Room) -> None:
    """So that a function that wakes an execution hands time on to it, with no gap between them."""
    seen: list[float] = []
    awaited = room.threads.Event()
    waiter = room.work(lambda: (awaited.wait(9999), time.sleep(0.02), seen.append(room.seconds)))
    at = START + timedelta(seconds=60)

    def wake() -> None:
        seen.append(room.seconds)
        awaited.set()

    room.clock.call_at(at, wake)
    waiter.join(PATIENCE_SECONDS)

    assert seen == [60, 60]


def test_an_event_that_is_set_already_lets_no_time_pass(room: Room) -> None:
    seen: list[float] = []
    awaited = room.threads.Event()
    awaited.set()

    def wait_and_look() -> None:
        began = room.seconds
        assert awaited.wait(300)
        seen.append(room.seconds - began)

    room.work(wait_and_look).join(PATIENCE_SECONDS)

    assert seen == [0]
