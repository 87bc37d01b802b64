"""The days of a recurrence rule are those that dateutil finds; the search stops at its limit."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st
from icalendar.prop import vRecur

from switchover.domain.windows.rules import DayRule

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def days(text: str, start: date, last: date) -> list[date]:
    return list(DayRule.of(vRecur.from_ical(text), start).days(start, last))


def lists(values: Any, most: int) -> Any:
    return st.lists(values, min_size=1, max_size=most, unique=True)


def part(name: str, values: Any) -> Any:
    return values.map(lambda chosen: [f"{name}={','.join(map(str, chosen))}"])


def nothing() -> Any:
    return st.just([])


def counts(most: int) -> Any:
    return st.integers(1, most) | st.integers(-most, -1)


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    nth = st.sampled_from(["1", "2", "-1", "-4"])
    counted = frequency in {"MONTHLY", "YEARLY"} and draw(st.booleans())
    weekdays = st.sampled_from(_WEEKDAYS)
    if counted:
        # dateutil finds no day where one rule has both kinds.
        weekdays = st.tuples(nth, weekdays).map("".join)
    parts = [
        [f"FREQ={frequency}"],
        draw(nothing() | part("INTERVAL", st.tuples(st.integers(1, 9)))),
        draw(nothing() | part("BYDAY", lists(weekdays, 4))),
        draw(nothing() | part("BYMONTH", lists(st.integers(1, 12), 5))),
        draw(nothing() | part("WKST", st.tuples(st.sampled_from(["MO", "SU", "TH"])))),
    ]
    if frequency != "WEEKLY":
        parts.append(draw(nothing() | part("BYMONTHDAY", lists(counts(31), 9))))
    if frequency == "YEARLY":
        parts.append(draw(nothing() | part("BYYEARDAY", lists(counts(366), 40))))
        # dateutil means another week by a week's number before the fourth day of January.
        weeks = lists(st.integers(2, 51), 20)
        parts.append(draw(nothing() | part("BYWEEKNO", weeks)) if not counted else [])
    # dateutil counts the first week from its first day on.
    if frequency != "WEEKLY" and any(each[0].startswith("BY") for each in parts if each):
        parts.append(draw(nothing() | part("BYSETPOS", lists(counts(10), 3))))
    return ";".join(text for each in parts for text in each)


@given(rules(), st.dates(date(9970, 1, 1), date(9985, 12, 31)), st.integers(1, 1500))
def test_a_rule_gives_the_days_that_dateutil_finds(text: str, start: date, length: int) -> None:
    """In years that late, as dateutil looks for the days of an empty rule until 9999."""
    last = start + timedelta(days=length)
    ours = days(text, start, last)

    theirs = rrulestr(text, dtstart=datetime.combine(start, time()))

    assert ours == [day.date() for day in theirs.replace(until=datetime.combine(last, time()))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 0),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 0),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", 0),
        ("FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1", 0),
        ("FREQ=DAILY", 366),
        ("FREQ=MONTHLY;BYDAY=FR,1SU", 64),
        ("FREQ=YEARLY;INTERVAL=100000", 1),
        ("FREQ=DAILY;INTERVAL=100000", 1),
    ],
)
def test_a_rule_is_followed_no_further_than_asked(text: str, expected: int) -> None:
    start = date(2026, 12, 1)

    assert len(days(text, start, start + timedelta(days=365))) == expected


@pytest.mark.parametrize(
    "text", ["FREQ=HOURLY", "FREQ=DAILY;WKST=XX", "COUNT=2", "FREQ=WEEKLY;BYDAY=1"]
)
def test_what_is_no_rule_of_days_is_an_error(text: str) -> None:
    start = date(2026, 12, 1)

    with pytest.raises((ValueError, LookupError)):
        days(text, start, start)
