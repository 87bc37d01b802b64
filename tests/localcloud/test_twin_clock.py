"""Virtual time: exact when it is stepped, in order when it is paced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from switchover_local.twin.clock import PacedClock, SteppedClock

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


def test_more_work_than_real_time_allows_is_left_for_the_next_call() -> None:
    wall = Wall()
    clock = PacedClock(START, speed=60, monotonic=wall)
    fired: list[datetime] = []

    def work() -> None:
        fired.append(clock.now())
        wall.seconds += 1  # a minute of virtual time, for work that is due each half minute
        if len(fired) < 10:  # so that a clock that runs after it doesn't do so for ever
            clock.call_later(30, work)

    clock.call_later(30, work)
    wall.seconds += 1

    clock.run_due()

    assert fired == [START + timedelta(seconds=30), START + timedelta(seconds=60)]


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
