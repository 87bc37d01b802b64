"""Alarms say what CloudWatch's would, at the minute they would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.alarm_room import NOON, Room

from switchover_local.twin.cloudwatch.alarm_rules import StateValue
from switchover_local.twin.cloudwatch.alarms import Habits

if TYPE_CHECKING:
    from datetime import datetime


@pytest.mark.parametrize(
    ("operator", "below", "exactly", "above"),
    [
        ("GreaterThanThreshold", "OK", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "OK", "ALARM", "ALARM"),
        ("LessThanThreshold", "ALARM", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"),
    ],
)
def test_the_threshold_itself_breaches_only_where_equality_does(
    operator: str, below: str, exactly: str, above: str
) -> None:
    room = Room()
    room.put(ComparisonOperator=operator)

    assert room.pass_minutes(4.999, 5.0, 5.001) == [below, exactly, above]


def test_a_new_alarm_knows_nothing_until_it_has_looked() -> None:
    room = Room()
    room.store.record("N", "m", {}, 9, NOON)

    room.put()

    assert room.state() == "INSUFFICIENT_DATA"
    assert room.reason() == "Unchecked: Initial alarm creation"


def test_a_period_that_is_not_over_is_not_evaluated() -> None:
    room = Room()
    room.put()
    room.clock.advance(59)
    room.store.record("N", "m", {}, 1, room.clock.now())
    room.clock.call_later(1, lambda: room.store.record("N", "m", {}, 9, room.clock.now()))

    room.clock.advance(1)
    at_one = room.state()
    room.clock.advance(60)

    assert (at_one, room.state()) == ("OK", "ALARM")


def test_a_long_period_is_evaluated_every_minute_over_a_window_that_slides() -> None:
    room = Room()
    room.put(Period=300, Statistic="Sum", Threshold=20)

    states = room.pass_minutes(6, 6, 6, 6, 1, 1, 1)

    # Minutes 0-4 sum to 25, minutes 1-5 to 20, which no longer exceeds 20.
    assert states[4:] == ["ALARM", "OK", "OK"]


def test_a_percentile_alarm_sees_the_tail_that_the_average_hides() -> None:
    room = Room()
    room.put()
    room.put_percentile("p99", AlarmName="tail")

    for latency in [1.0] * 98 + [50.0, 50.0]:
        room.store.record("N", "m", {}, latency, NOON)
    room.clock.advance(60)

    assert (room.board.state("red"), room.board.state("tail")) == ("OK", "ALARM")


@pytest.mark.parametrize(
    ("treatment", "after_99", "after_100"),
    [("ignore", "INSUFFICIENT_DATA", "ALARM"), ("evaluate", "ALARM", "ALARM")],
)
def test_too_few_samples_leave_a_percentile_alarm_as_it_is_if_it_says_so(
    treatment: str, after_99: str, after_100: str
) -> None:
    """p90 takes 10 / (1 - 0.9) = 100 values."""
    room = Room()
    room.put_percentile("p90", EvaluateLowSampleCountPercentile=treatment)
    for _ in range(99):
        room.store.record("N", "m", {}, 9, NOON)
    room.clock.advance(60)
    before = room.state()
    for _ in range(100):
        room.store.record("N", "m", {}, 9, room.clock.now())
    room.clock.advance(60)

    assert (before, room.state()) == (after_99, after_100)


def test_a_high_resolution_alarm_looks_every_ten_seconds() -> None:
    room = Room()
    room.put(Period=10)
    room.store.record("N", "m", {}, 9, NOON, resolution_seconds=10)

    room.clock.advance(10)

    assert room.state() == "ALARM"


def test_a_ten_second_alarm_on_a_standard_metric_keeps_losing_sight_of_it() -> None:
    room = Room()
    room.put(Period=10)
    room.store.record("N", "m", {}, 9, NOON)

    room.clock.advance(10)
    at_first = room.state()
    room.clock.advance(30)

    assert (at_first, room.state()) == ("ALARM", "INSUFFICIENT_DATA")


def test_a_unit_that_was_never_published_keeps_the_alarm_in_the_dark() -> None:
    room = Room()
    room.put(Unit="Seconds")
    room.store.record("N", "m", {}, 9, NOON, unit="Microseconds")

    room.clock.advance(60)

    assert room.state() == "INSUFFICIENT_DATA"


def test_data_that_takes_time_to_arrive_trips_the_alarm_later() -> None:
    room = Room(Habits(ingestion_seconds=90))
    room.put()
    room.store.record("N", "m", {}, 9, NOON)

    states = [room.state()]
    room.clock.advance(120)
    states.append(room.state())
    room.clock.advance(60)

    assert [*states, room.state()] == ["INSUFFICIENT_DATA", "INSUFFICIENT_DATA", "ALARM"]


@pytest.mark.parametrize(("extra_periods", "state"), [(0, "OK"), (2, "ALARM")])
def test_how_far_an_alarm_looks_for_missing_data_decides(extra_periods: int, state: str) -> None:
    room = Room(Habits(ingestion_seconds=0, extra_periods=extra_periods))
    room.put(EvaluationPeriods=2, TreatMissingData="notBreaching")

    assert room.pass_minutes(9, None, 9)[-1] == state


def test_a_state_set_by_hand_lasts_until_the_next_evaluation() -> None:
    room = Room()
    room.put()
    room.pass_minutes(1)

    room.board.set_state("red", StateValue.ALARM, "testing")
    by_hand = room.state()

    assert (by_hand, room.pass_minutes(1)) == ("ALARM", ["OK"])


def test_ignoring_missing_data_a_state_set_by_hand_stays_while_nothing_comes_in() -> None:
    room = Room()
    room.put(TreatMissingData="ignore")

    room.board.set_state("red", StateValue.ALARM, "abort")

    assert room.pass_minutes(*[None] * 60) == ["ALARM"] * 60


def test_a_neighbour_of_ten_seconds_does_not_hurry_an_alarm_of_a_minute() -> None:
    room = Room()
    room.put(TreatMissingData="notBreaching")
    room.put(AlarmName="hasty", Period=10)
    room.clock.advance(60)
    room.board.set_state("red", StateValue.ALARM, "abort")

    room.clock.advance(50)
    before_the_minute = room.state()
    room.clock.advance(10)

    assert (before_the_minute, room.state()) == ("ALARM", "OK")


def test_setting_the_state_it_has_is_no_transition() -> None:
    room = Room()
    alarm = room.put()
    heard: list[str] = []
    room.board.on_transition(lambda _alarm, _old, new: heard.append(new))

    room.board.set_state("red", alarm.state.value, "again")

    assert heard == []
    assert room.reason() == "again"


def test_listeners_hear_each_transition_once_at_its_minute() -> None:
    room = Room()
    room.put()
    heard: list[tuple[str, str, datetime]] = []
    room.board.on_transition(lambda a, old, new: heard.append((old, new, a.transitioned_at)))

    room.pass_minutes(1, 9, 9)

    assert heard == [
        ("INSUFFICIENT_DATA", "OK", NOON.replace(minute=1)),
        ("OK", "ALARM", NOON.replace(minute=2)),
    ]


def test_a_listener_may_delete_the_alarm_it_hears_of() -> None:
    room = Room()
    room.put()
    room.put(AlarmName="other")
    room.board.on_transition(lambda a, _old, _new: room.board.delete([a.name]))

    room.store.record("N", "m", {}, 9, NOON)
    room.clock.advance(120)

    assert room.board.alarms() == []


def test_an_alarm_put_at_the_very_minute_does_not_cost_the_others_their_look() -> None:
    room = Room()
    room.clock.call_later(60, room.put_late)
    room.put()

    assert room.pass_minutes(9) == ["ALARM"]


def test_a_hasty_alarm_shortens_the_wait_of_a_board_at_rest() -> None:
    room = Room()
    room.put(AlarmName="slow")
    room.put(Period=10)
    room.store.record("N", "m", {}, 9, NOON, resolution_seconds=10)

    room.clock.advance(10)

    assert room.state() == "ALARM"


def test_a_board_without_alarms_asks_nothing_of_the_clock() -> None:
    room = Room()
    room.put()
    room.board.delete(["red"])

    room.clock.advance(60)

    assert not room.clock.run_next()
