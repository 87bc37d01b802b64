"""A load sends what its rate says, the same for the same seed, and counts how it went."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.cloudwatch.metrics import MetricId, MetricStore
from switchover_local.twin.runtime.traffic import ConstantRate, DailyRate, Load, Rate, SteppedRate
from switchover_local.twin.wire.refusals import Refusal

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Endpoint:
    """Takes requests down; fails while it is `broken`."""

    def __init__(self) -> None:
        self.moments: list[datetime] = []
        self.is_broken = False

    def invoke(self, endpoint_name: str, at: datetime) -> None:
        self.moments.append(at)
        if self.is_broken:
            raise Refusal("ModelError", f"{endpoint_name} is down", status=424)

    def count(self, from_second: float, to_second: float) -> int:
        start, end = (NOON + timedelta(seconds=s) for s in (from_second, to_second))
        return sum(start <= moment < end for moment in self.moments)


class Room:
    """A clock, an endpoint and a load on it."""

    def __init__(self, rate: Rate, **options: Any) -> None:
        self.clock = SteppedClock(NOON)
        self.endpoint = Endpoint()
        self.load = Load(self.clock, self.endpoint.invoke, "shop", rate, **options)


def test_a_constant_rate_is_kept_within_the_jitter() -> None:
    room = Room(ConstantRate(10), jitter=0.1)
    room.load.start()
    room.clock.advance(600)

    assert room.endpoint.count(0, 600) == pytest.approx(6000, rel=0.02)
    assert 9 <= room.endpoint.count(100, 101) <= 12


def test_a_rate_below_one_per_second_is_not_lost_to_rounding() -> None:
    room = Room(ConstantRate(0.25), jitter=0)
    room.load.start()
    room.clock.advance(400)

    assert room.endpoint.count(0, 400) == 100


def test_steps_change_the_rate_at_their_second() -> None:
    room = Room(SteppedRate(((0, 2), (60, 20), (120, 0))), jitter=0)
    room.load.start()
    room.clock.advance(180)

    counts = [room.endpoint.count(start, start + 60) for start in (0, 60, 120)]
    assert counts == [120, 1200, 0]


def test_before_the_first_step_nothing_flows() -> None:
    room = Room(SteppedRate(((30, 1),)), jitter=0)
    room.load.start()
    room.clock.advance(60)

    assert (room.endpoint.count(0, 30), room.endpoint.count(30, 60)) == (0, 30)


@pytest.mark.parametrize(("hour", "rps"), [(15, 100), (3, 10), (9, 55), (21, 55)])
def test_a_day_has_its_tide(hour: int, rps: float) -> None:
    rate = DailyRate(lowest_rps=10, highest_rps=100, peak_hour=15)

    assert rate.rps(NOON.replace(hour=hour), 0) == pytest.approx(rps)


def test_the_same_seed_sends_the_same_requests() -> None:
    rooms = [Room(ConstantRate(7), seed=seed) for seed in (1, 1, 2)]
    for room in rooms:
        room.load.start()
        room.clock.advance(60)

    first, same, other = (room.endpoint.moments for room in rooms)
    assert first == same
    assert first != other


def test_requests_come_in_order_and_spread_over_the_batch() -> None:
    room = Room(ConstantRate(50), batch_seconds=5)
    room.load.start()
    room.clock.advance(4)

    moments = room.endpoint.moments
    assert moments == sorted(moments)
    assert all(NOON <= moment < NOON + timedelta(seconds=5) for moment in moments)
    assert len(set(moments)) == len(moments)


def test_whoever_looks_at_the_end_of_a_minute_sees_all_of_it() -> None:
    clock, store = SteppedClock(NOON), MetricStore()
    series = store.series(MetricId.of("N", "m", {}))
    load = Load(clock, lambda _name, at: series.record(1, at), "shop", ConstantRate(10), jitter=0)
    seen: list[float] = []
    clock.call_later(60, lambda: seen.append(float(load.requests)))
    load.start()

    clock.advance(60)

    start = int(NOON.timestamp())
    (point,) = store.read(
        MetricId.of("N", "m", {}), "Sum", period_seconds=60, start=start, end=start + 60
    )
    assert seen == [600]
    assert point.value == 600


def test_failures_are_counted_and_the_first_ones_kept() -> None:
    room = Room(ConstantRate(10), jitter=0)
    room.load.start()
    room.clock.advance(9)
    room.endpoint.is_broken = True
    room.clock.advance(10)

    assert (room.load.requests, room.load.failures) == (200, 100)
    assert room.load.first_failures == ["ModelError: shop is down"] * 10


def test_a_defect_of_the_twin_is_not_counted_as_a_failed_request() -> None:
    clock = SteppedClock(NOON)
    load = Load(clock, lambda _name, _at: 1 / 0, "shop", ConstantRate(10))

    with pytest.raises(ZeroDivisionError):
        load.start()


def test_a_stopped_load_sends_nothing_and_can_start_again() -> None:
    room = Room(ConstantRate(10), jitter=0)
    room.load.start()
    room.clock.advance(9)
    room.load.stop()
    room.clock.advance(100)
    stopped = room.load.requests
    room.load.start()
    room.clock.advance(9)

    assert (stopped, room.load.requests) == (100, 200)


def test_starting_twice_sends_once() -> None:
    room = Room(ConstantRate(10), jitter=0)
    room.load.start()
    room.load.start()
    room.clock.advance(9)

    assert room.load.requests == 100
