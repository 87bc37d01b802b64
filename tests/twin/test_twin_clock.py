"""Virtual time: exact when it is stepped, in order when it is paced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.paced_clock import HOLD_SECONDS, Hold, PacedClock

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class Wall:
    """A wall clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_time_stands_until_it_is_stepped() -> None:
    clock = SteppedClock(START)

    clock.advance(0.001)

    assert clock.now() == START + timedelta(milliseconds=1)


def test_each_action_sees_exactly_its_own_moment() -> None:
    clock = SteppedClock(START)
    seen: list[datetime] = []
    clock.call_later(20, lambda: seen.append(clock.now()))
    clock.call_later(10, lambda: seen.append(clock.now()))

    clock.advance(60)

    assert seen == [START + timedelta(seconds=10), START + timedelta(seconds=20)]
    assert clock.now() == START + timedelta(seconds=60)


def test_actions_of_one_instant_run_in_the_order_they_were_set() -> None:
    clock = SteppedClock(START)
    seen: list[str] = []
    clock.call_later(5, lambda: seen.append("first"))
    clock.call_later(5, lambda: seen.append("second"))

    clock.advance(5)

    assert seen == ["first", "second"]


def test_an_action_may_set_another_within_the_same_step() -> None:
    clock = SteppedClock(START)
    seen: list[float] = []
    clock.call_later(1, lambda: clock.call_later(1, lambda: seen.append(2)))

    clock.advance(2)

    assert seen == [2]


def test_a_cancelled_action_never_happens() -> None:
    clock = SteppedClock(START)
    seen: list[str] = []
    timer = clock.call_later(5, lambda: seen.append("happened"))

    timer.cancel()

    assert not clock.run_next()
    assert seen == []


def test_running_until_stops_at_the_moment_it_became_true() -> None:
    clock = SteppedClock(START)
    seen: list[int] = []
    clock.call_later(10, lambda: seen.append(1))
    clock.call_later(20, lambda: seen.append(2))

    assert clock.run_until(lambda: bool(seen), limit_seconds=60)
    assert clock.now() == START + timedelta(seconds=10)


def test_running_until_gives_up_at_its_limit() -> None:
    clock = SteppedClock(START)

    assert not clock.run_until(lambda: False, limit_seconds=60)
    assert clock.now() == START + timedelta(seconds=60)


def test_a_pumped_action_that_pumps_does_not_start_its_successors_early() -> None:
    clock = SteppedClock(START)
    seen: list[str] = []

    def first() -> None:
        clock.run_due()
        seen.append("first")

    clock.call_later(5, first)
    clock.call_later(5, lambda: seen.append("second"))

    clock.advance(5)

    assert seen == ["first", "second"]


def test_paced_time_runs_so_many_times_as_fast() -> None:
    wall = Wall()
    clock = PacedClock(START, speed=60, monotonic=wall)

    wall.seconds += 2

    assert clock.now() == START + timedelta(seconds=120)


def test_late_actions_see_the_moment_they_were_due() -> None:
    wall = Wall()
    clock = PacedClock(START, speed=60, monotonic=wall)
    seen: list[datetime] = []
    clock.call_later(30, lambda: seen.append(clock.now()))
    clock.call_later(10, lambda: clock.call_later(5, lambda: seen.append(clock.now())))
    wall.seconds += 1

    clock.run_due()

    assert seen == [START + timedelta(seconds=15), START + timedelta(seconds=30)]
    assert clock.now() == START + timedelta(seconds=60)


class Busy:
    """A clock with work that takes longer on the wall than the time until there is more of it."""

    def __init__(self) -> None:
        self.wall = Wall()
        self.clock = PacedClock(START, speed=60, monotonic=self.wall)
        self.fired: list[datetime] = []
        self.clock.call_later(30, self.work)

    def work(self) -> None:
        self.fired.append(self.clock.now())
        self.wall.seconds += 1  # a minute of virtual time, for work that is due each half minute
        if len(self.fired) < 10:  # so that a clock that runs after it doesn't do so for ever
            self.clock.call_later(30, self.work)


def test_more_work_than_real_time_allows_is_left_for_the_next_call() -> None:
    busy = Busy()
    busy.wall.seconds += 1

    busy.clock.run_due()

    assert busy.fired == [START + timedelta(seconds=30)]
    assert busy.clock.now() == START + timedelta(seconds=60)


def test_work_that_is_left_over_is_waited_for() -> None:
    busy = Busy()
    busy.wall.seconds += 3600
    busy.clock.run_due()

    busy.wall.seconds += 3600

    assert busy.clock.now() == START + timedelta(seconds=60)  # where the next work is due


def test_a_change_of_speed_goes_on_from_the_same_moment() -> None:
    wall = Wall()
    clock = PacedClock(START, speed=60, monotonic=wall)
    wall.seconds += 1

    clock.set_speed(10)
    wall.seconds += 1

    assert clock.now() == START + timedelta(seconds=70)


def test_the_pump_knows_how_long_it_may_sleep() -> None:
    wall = Wall()
    clock = PacedClock(START, speed=60, monotonic=wall)
    assert clock.seconds_to_next() is None

    clock.call_later(30, lambda: None)

    assert clock.seconds_to_next() == 0.5


@dataclass
class Held:
    """A paced clock, and what holds it."""

    wall: Wall
    clock: PacedClock
    hold: Hold

    @property
    def seconds(self) -> float:
        return (self.clock.now() - START).total_seconds()


@pytest.fixture(name="held")
def hold_a_clock() -> Held:
    """A clock that ran for a minute, and is held since."""
    wall = Wall()
    clock = PacedClock(START, speed=60, monotonic=wall)
    wall.seconds += 1
    return Held(wall, clock, clock.hold())


def test_time_stands_while_it_is_held(held: Held) -> None:
    held.wall.seconds += 10

    assert held.seconds == 60


def test_time_goes_on_from_where_it_stood(held: Held) -> None:
    held.wall.seconds += 10

    held.hold.end()
    held.wall.seconds += 1

    assert held.seconds == 120


def test_time_stands_until_the_last_hold_is_let_go(held: Held) -> None:
    other = held.clock.hold()
    held.hold.let_go()

    held.wall.seconds += 10

    assert held.seconds == 60
    other.end()


def test_a_hold_that_is_never_let_go_is_bounded(held: Held) -> None:
    held.wall.seconds += HOLD_SECONDS

    stood = held.seconds
    held.wall.seconds += 1

    assert (stood, held.seconds) == (60, 120)


def test_a_hold_that_is_taken_again_is_bounded_anew(held: Held) -> None:
    held.wall.seconds += HOLD_SECONDS - 1
    held.hold.take()

    held.wall.seconds += HOLD_SECONDS - 1

    assert held.seconds == 60


def test_a_hold_that_ended_holds_no_more(held: Held) -> None:
    held.hold.end()

    held.hold.take()
    held.wall.seconds += 1

    assert held.seconds == 120


def test_time_passes_while_any_thread_of_the_owner_waits_for_it(held: Held) -> None:
    held.hold.let_go()
    held.hold.let_go()
    held.hold.take()

    held.wall.seconds += 1
    passed = held.seconds
    held.hold.take()
    held.wall.seconds += 1

    assert (passed, held.seconds) == (120, 120)


def test_what_is_due_at_the_moment_of_a_hold_still_happens_and_nothing_later() -> None:
    wall = Wall()
    clock = PacedClock(START, speed=60, monotonic=wall)
    told: list[str] = []
    clock.call_later(30, clock.hold)
    clock.call_later(30, lambda: told.append("same moment"))
    clock.call_later(31, lambda: told.append("later"))
    wall.seconds += 1

    clock.run_due()

    assert told == ["same moment"]
    assert clock.now() == START + timedelta(seconds=30)


def test_a_hold_that_is_short_keeps_no_other_timer_from_its_own_moment() -> None:
    wall = Wall()
    clock = PacedClock(START, speed=60, monotonic=wall)
    clock.call_later(30, lambda: clock.hold().end())
    clock.call_later(40, lambda: None)
    wall.seconds += 1

    clock.run_due()

    assert clock.now() == START + timedelta(seconds=30)


def test_a_timer_that_is_set_while_time_stands_waits_for_time(held: Held) -> None:
    told: list[float] = []
    held.clock.call_later(30, lambda: told.append(held.seconds))
    held.wall.seconds += 10
    held.clock.run_due()
    held.hold.end()

    held.wall.seconds += 1
    held.clock.run_due()

    assert told == [90]


def test_the_pump_is_told_when_time_goes_on(held: Held) -> None:
    told: list[str] = []
    held.clock.on_change = lambda: told.append("on")

    held.hold.end()

    assert told == ["on"]
    assert held.clock.seconds_to_next() is None


def test_speed_that_changes_while_time_stands_holds_afterwards(held: Held) -> None:
    held.clock.set_speed(10)
    held.wall.seconds += 5
    held.hold.end()

    held.wall.seconds += 1

    assert held.seconds == 70


def test_it_is_known_whether_others_hold_time_too(held: Held) -> None:
    alone = held.clock.waits_for_others(held.hold)
    other = held.clock.hold()
    together = held.clock.waits_for_others(held.hold)
    other.end()

    assert (alone, together, held.clock.waits_for_others(held.hold)) == (False, True, False)
