"""`window: auto`: each day's quietest hours, from two weeks of traffic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.quiet_traffic import daily_rhythm

from switchover.domain.reasons import Reason
from switchover.domain.windows.quiet_hours import TrafficWeek, measure_week, quiet_windows
from switchover.domain.windows.times import WEEK, Weekday, Window

if TYPE_CHECKING:
    from collections.abc import Callable

# A Monday.
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hours_of(
    rhythm: Callable[[datetime], float], count: int = 14 * 24
) -> list[tuple[datetime, float]]:
    """As CloudWatch tells it: no value for an hour without invocations."""
    times = [BEGIN + hour * HOUR for hour in range(count)]
    return [(at, rhythm(at)) for at in times if rhythm(at)]


def measured(hourly: list[tuple[datetime, float]], timezone: str = "UTC") -> TrafficWeek:
    week = measure_week(hourly, timezone)
    assert isinstance(week, TrafficWeek)
    return week


def test_each_day_has_its_own_quietest_hours() -> None:
    windows = quiet_windows(measured(hours_of(daily_rhythm)), hours=3)

    assert windows[0] == Window(days=(Weekday.MON,), opens="02:00", closes="05:00", timezone="UTC")
    assert [(window.opens, window.closes) for window in windows] == (
        5 * [("02:00", "05:00")] + 2 * [("04:00", "07:00")]
    )


def test_a_quiet_run_may_last_into_the_next_day() -> None:
    def late(at: datetime) -> float:
        return 0 if at.hour >= 22 or at.hour < 2 else 100

    windows = quiet_windows(measured(hours_of(late)), hours=4)

    assert {(window.opens, window.closes) for window in windows} == {("22:00", "02:00")}


def test_the_last_day_of_the_week_goes_over_into_the_first() -> None:
    def calm_on_monday_morning(at: datetime) -> float:
        return 0 if at.weekday() == 0 and at.hour < 3 else 100

    windows = quiet_windows(measured(hours_of(calm_on_monday_morning)), hours=4)

    assert (windows[-1].days, windows[-1].opens) == ((Weekday.SUN,), "23:00")


def test_hours_without_any_value_count_as_quiet() -> None:
    def silent_at_noon(at: datetime) -> float:
        return 0 if 11 <= at.hour < 15 else 5

    week = measured(hours_of(silent_at_noon))

    assert week.means[2][11:16] == (0, 0, 0, 0, 5)
    assert quiet_windows(week, hours=4)[2].opens == "11:00"


def test_means_are_taken_over_the_days_seen() -> None:
    def busier_each_week(at: datetime) -> float:
        return 10 if at < BEGIN + timedelta(days=7) else 30

    week = measured(hours_of(busier_each_week))

    assert {mean for row in week.means for mean in row} == {20}
    assert week.seen_hours == 14 * 24


def test_a_day_that_was_not_seen_borrows_the_hours_of_the_others() -> None:
    week = measured(hours_of(daily_rhythm, count=3 * 24))

    assert week.means[3] == week.means[0]
    assert quiet_windows(week, hours=3)[6].opens == "02:00"


def test_hours_are_those_on_the_policys_clocks() -> None:
    windows = quiet_windows(measured(hours_of(daily_rhythm), "Asia/Tokyo"), hours=3)

    assert windows[1] == Window(
        days=(Weekday.TUE,), opens="11:00", closes="14:00", timezone="Asia/Tokyo"
    )


def test_a_whole_day_may_be_asked_for() -> None:
    windows = quiet_windows(measured(hours_of(lambda _: 1)), hours=24)

    assert [(window.opens, window.closes) for window in windows] == 7 * [("00:00", "24:00")]
    assert [window.days for window in windows] == [(day,) for day in WEEK]


@pytest.mark.parametrize(
    ("hourly", "what"),
    [
        ([], "no invocations"),
        (hours_of(lambda _: 0), "no invocations"),
        ([(BEGIN, 0.0), (BEGIN + 200 * HOUR, 0.0)], "no invocations"),
        (hours_of(lambda _: 1, count=71), "known for only 71 hours"),
    ],
)
def test_too_little_traffic_is_no_basis(hourly: list[tuple[datetime, float]], what: str) -> None:
    reason = measure_week(hourly, "UTC")

    assert isinstance(reason, Reason)
    assert reason.code == "window.no-data"
    assert what in reason.message
