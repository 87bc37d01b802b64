"""Windows compared with brute force: at each step, is the local time inside the window?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from switchover.domain.release import Start
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.times import WEEK, Weekday, Window
from switchover.domain.windows.window import LOOK_AHEAD, StartTime, find_start, openings
from switchover.domain.windows.zones import Span, Stretch, stretches

if TYPE_CHECKING:
    from collections.abc import Iterator

# Half an hour of summer time, three quarters of an hour from UTC, none at all, clocks that change at
# midnight, and a summer time that stops for Ramadan.
ZONES = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/New_York",
    "America/Santiago",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Chatham",
)
YEAR = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
# Every edge below, and every change of a clock, lies on this grid.
STEP = timedelta(minutes=5)
SHAPES = (
    ("02:00", "03:00", WEEK),
    ("22:00", "05:30", (Weekday.MON, Weekday.SAT, Weekday.SUN)),
    ("00:00", "24:00", (Weekday.SUN,)),
    ("23:30", "00:30", WEEK),
)
# What clocks show: the day of the week, and minutes since midnight.
Shown = tuple[int, int]


def shown_times(zone: str, span: Span) -> list[Shown]:
    """What clocks in a zone show at every step of a span."""
    info = ZoneInfo(zone)
    local = (at.astimezone(info) for at in steps(span))
    return [(at.weekday(), at.hour * 60 + at.minute) for at in local]


def steps(span: Span) -> Iterator[datetime]:
    return (span.begin + step * STEP for step in range(span.length // STEP))


def minutes_of(wall_time: str) -> int:
    hours, minutes = wall_time.split(":")
    return int(hours) * 60 + int(minutes)


def is_inside(window: Window, shown: list[Shown]) -> list[bool]:
    """The definition, in its plainest words."""
    opens, closes = minutes_of(window.opens), minutes_of(window.closes)
    is_day = [day in window.days for day in WEEK]
    if opens < closes:
        return [is_day[day] and opens <= minute < closes for day, minute in shown]
    return [
        (is_day[day] and minute >= opens) or (is_day[day - 1] and minute < closes)
        for day, minute in shown
    ]


def runs(span: Span, is_open: list[bool]) -> tuple[Span, ...]:
    found = []
    for inside, group in groupby(zip(steps(span), is_open, strict=True), key=itemgetter(1)):
        if inside:
            times = [at for at, _ in group]
            found.append(Span(times[0], times[-1] + STEP))
    return tuple(found)


@pytest.mark.parametrize("zone", ZONES)
def test_a_window_is_open_whenever_clocks_show_a_time_inside_it_all_year(zone: str) -> None:
    shown = shown_times(zone, YEAR)
    windows = [
        Window(days=days, opens=opens, closes=closes, timezone=zone)
        for opens, closes, days in SHAPES
    ]

    found = [openings((window,), YEAR) for window in windows]

    assert found == [runs(YEAR, is_inside(window, shown)) for window in windows]


wall_times = st.builds(
    lambda hour, minute: f"{hour:02d}:{minute:02d}",
    st.integers(0, 23),
    st.sampled_from((0, 15, 30)),
)
windows = (
    st.tuples(
        st.sets(st.sampled_from(WEEK), min_size=1), wall_times, wall_times, st.sampled_from(ZONES)
    )
    .filter(lambda drawn: drawn[1] != drawn[2])
    .map(
        lambda drawn: Window(
            days=tuple(drawn[0]), opens=drawn[1], closes=drawn[2], timezone=drawn[3]
        )
    )
)
# The nights around which these zones change their clocks in 2026.
nights = st.sampled_from(
    [
        datetime(2026, 2, 14, tzinfo=UTC),
        datetime(2026, 3, 7, tzinfo=UTC),
        datetime(2026, 3, 21, tzinfo=UTC),
        datetime(2026, 3, 28, tzinfo=UTC),
        datetime(2026, 4, 4, tzinfo=UTC),
        datetime(2026, 4, 23, tzinfo=UTC),
        datetime(2026, 9, 5, tzinfo=UTC),
        datetime(2026, 9, 26, tzinfo=UTC),
        datetime(2026, 10, 3, tzinfo=UTC),
        datetime(2026, 10, 24, tzinfo=UTC),
        datetime(2026, 10, 29, tzinfo=UTC),
        datetime(2026, 10, 31, tzinfo=UTC),
    ]
)
nearby = st.integers(0, 2 * 24 * 12).map(lambda count: count * STEP)


@st.composite
def freezes(draw: st.DrawFn) -> Freeze:
    begin = draw(nights) + draw(nearby)
    end = begin + draw(st.integers(1, 36 * 12)) * STEP
    return Freeze(begins=begin, ends=end, reason="a drawn freeze")


def open_steps(windows: tuple[Window, ...], freezes: tuple[Freeze, ...], week: Span) -> list[bool]:
    """Whether each step of the week lies in a window and in no freeze."""
    shown = [is_inside(window, shown_times(window.timezone, week)) for window in windows]
    return [
        any(inside) and not any(freeze.begins <= at < freeze.ends for freeze in freezes)  # type: ignore[operator]
        for at, *inside in zip(steps(week), *shown, strict=True)
    ]


@given(
    night=nights,
    after=nearby,
    windows=st.lists(windows, min_size=1, max_size=3).map(tuple),
    freezes=st.lists(freezes(), max_size=2).map(tuple),
    lasts=st.integers(0, 5 * 12).map(lambda count: count * STEP),
)
@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_the_start_found_is_the_first_from_which_the_update_can_end_in_time(
    night: datetime,
    after: timedelta,
    windows: tuple[Window, ...],
    freezes: tuple[Freeze, ...],
    lasts: timedelta,
) -> None:
    now = night + after

    found = find_start(
        now,
        wish=Start.NOW,
        windows=windows,
        freezes=freezes,
        lasts_seconds=int(lasts.total_seconds()),
    )

    week = Span(now, now + timedelta(days=7))
    is_open = open_steps(windows, freezes, week)
    fitting = [span for span in runs(week, is_open) if span.length >= lasts][:1]
    starts = [found] if isinstance(found, StartTime) and found.at + lasts <= week.end else []
    assert [start.at for start in starts] == [span.begin for span in fitting]
    # What is open beyond the week closes at a time that isn't looked at here.
    closed = [(start, span.end) for start, span in zip(starts, fitting, strict=True)]
    assert all(start.closes_at == end for start, end in closed if end < week.end)


def test_a_change_of_clocks_is_found_to_the_second_even_seconds_ahead() -> None:
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    ahead = Span(change - timedelta(seconds=10), change + timedelta(days=1))

    found = list(stretches("Europe/Berlin", ahead))

    hour = timedelta(hours=1)
    assert found == [Stretch(ahead.begin, change, hour), Stretch(change, ahead.end, 2 * hour)]


def test_a_window_in_the_skipped_hour_does_not_open_that_night() -> None:
    window = Window(opens="02:00", closes="03:00", timezone="Europe/Berlin")

    found = find_start(
        datetime(2026, 3, 28, 12, tzinfo=UTC), wish=Start.NOW, windows=(window,), freezes=()
    )

    # On 29 March clocks go from 02:00 to 03:00.
    assert isinstance(found, StartTime)
    assert found.at == datetime(2026, 3, 30, 0, tzinfo=UTC)


def test_a_window_over_the_repeated_hour_is_an_hour_longer() -> None:
    window = Window(opens="01:00", closes="04:00", timezone="Europe/Berlin")

    found = find_start(
        datetime(2026, 10, 24, 12, tzinfo=UTC), wish=Start.NOW, windows=(window,), freezes=()
    )

    assert found == StartTime(
        at=datetime(2026, 10, 24, 23, tzinfo=UTC),
        why="Its window is open from Sun 2026-10-25 01:00 Europe/Berlin.",
        closes_at=datetime(2026, 10, 25, 3, tzinfo=UTC),
        passed_by=("--now",),
    )


def test_an_update_waits_past_the_night_whose_window_clocks_have_shortened() -> None:
    window = Window(opens="01:00", closes="04:00", timezone="America/New_York")

    found = find_start(
        datetime(2026, 3, 8, 4, tzinfo=UTC),
        wish=Start.NOW,
        windows=(window,),
        freezes=(),
        lasts_seconds=3 * 3600,
    )

    assert isinstance(found, StartTime)
    assert found.at == datetime(2026, 3, 9, 5, tzinfo=UTC)
    assert "too short for the longest duration of 3 h" in found.why


def test_an_opening_that_touches_the_look_ahead_is_still_the_same_opening() -> None:
    window = Window(opens="00:00", closes="24:00", timezone="Asia/Kolkata")
    now = datetime(2026, 5, 1, tzinfo=UTC)

    [opened] = openings((window,), Span(now, now + LOOK_AHEAD))

    assert opened == Span(now, now + LOOK_AHEAD)
