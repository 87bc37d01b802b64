"""Freezes from iCal files: which events count, and the faults of a file."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from switchover.domain.reasons import Reason
from switchover.domain.windows.calendar_file import read_calendar
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.zones import Span

SOURCE = "s3://models/freezes.ics"
YEAR = Span(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 6, tzinfo=UTC))


def event(*lines: str, title: str = "Sales week", uid: str = "1") -> tuple[str, ...]:
    return (
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20260101T000000Z",
        f"SUMMARY:{title}",
        *lines,
        "END:VEVENT",
    )


def calendar(*events: tuple[str, ...], head: tuple[str, ...] = ()) -> bytes:
    lines = [line for one in events for line in one]
    text = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *head, *lines, "END:VCALENDAR", ""]
    return "\r\n".join(text).encode()


def freezes(raw: bytes, within: Span = YEAR) -> list[Freeze]:
    found = read_calendar(raw, SOURCE, within)
    assert all(isinstance(entry, Freeze) for entry in found), found
    return [entry for entry in found if isinstance(entry, Freeze)]


def faults(raw: bytes) -> list[Reason]:
    found = read_calendar(raw, SOURCE, YEAR)
    assert all(isinstance(entry, Reason) for entry in found), found
    return [entry for entry in found if isinstance(entry, Reason)]


def test_whole_days_end_with_the_day_before_dtend() -> None:
    raw = calendar(event("DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261130"))

    assert freezes(raw) == [
        Freeze(begins=date(2026, 11, 27), ends=date(2026, 11, 29), reason="Sales week")
    ]


def test_a_day_without_an_end_is_that_day() -> None:
    [freeze] = freezes(calendar(event("DTSTART;VALUE=DATE:20261127")))

    assert freeze.ends == date(2026, 11, 27)


def test_times_in_a_zone_follow_its_clocks_through_a_recurrence() -> None:
    raw = calendar(
        event(
            "DTSTART;TZID=Europe/Berlin:20270326T100000",
            "DTEND;TZID=Europe/Berlin:20270326T120000",
            "RRULE:FREQ=WEEKLY;COUNT=2",
        )
    )

    # Between the two, clocks go forward.
    assert [freeze.begins for freeze in freezes(raw)] == [
        datetime(2027, 3, 26, 9, tzinfo=UTC),
        datetime(2027, 4, 2, 8, tzinfo=UTC),
    ]


def test_a_moved_and_a_cancelled_occurrence_are_respected() -> None:
    raw = calendar(
        event(
            "DTSTART:20261201T100000Z",
            "DURATION:PT2H",
            "RRULE:FREQ=DAILY;COUNT=4",
            "EXDATE:20261204T100000Z",
        ),
        event("RECURRENCE-ID:20261202T100000Z", "DTSTART:20261202T150000Z", "DURATION:PT1H"),
        event(
            "RECURRENCE-ID:20261203T100000Z",
            "DTSTART:20261203T100000Z",
            "DURATION:PT2H",
            "STATUS:CANCELLED",
        ),
    )

    assert [freeze.begins for freeze in freezes(raw)] == [
        datetime(2026, 12, 1, 10, tzinfo=UTC),
        datetime(2026, 12, 2, 15, tzinfo=UTC),
    ]


DAILY = ("DTSTART:20261201T100000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=4")
RULES = {
    "a day left out": (event(*DAILY, "EXDATE;VALUE=DATE:20261202"), "01T10 03T10 04T10"),
    "a time left out in another zone": (
        event(*DAILY, "EXDATE;TZID=Europe/Berlin:20261202T110000"),
        "01T10 03T10 04T10",
    ),
    "other days beside": (
        event(*DAILY, "RDATE:20261209T100000Z,20261201T100000Z"),
        "01T10 02T10 03T10 04T10 09T10",
    ),
    "a period of its own length": (
        event(*DAILY[:2], "RDATE;VALUE=PERIOD:20261209T100000Z/PT5H"),
        "01T10 09T10",
    ),
    "a first day beside the rule": (
        event(*DAILY[:2], "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2"),
        "01T10 07T10 14T10",
    ),
    "a last day that counts whole": (
        event(*DAILY[:2], "RRULE:FREQ=DAILY;UNTIL=20261202"),
        "01T10 02T10",
    ),
    "a change of all later ones": (
        event(*DAILY)
        + event(
            "RECURRENCE-ID;RANGE=THISANDFUTURE:20261202T100000Z",
            "DTSTART:20261202T150000Z",
            "DURATION:PT1H",
        ),
        "01T10 02T15 03T15 04T15",
    ),
    "a changed day without its event": (
        event("RECURRENCE-ID:20261202T100000Z", "DTSTART:20261202T150000Z", "DURATION:PT1H"),
        "02T15",
    ),
    "the later version of an event": (
        event("DTSTART:20261205T100000Z", "DURATION:PT2H", "SEQUENCE:2") + event(*DAILY),
        "05T10",
    ),
    "two events of one id": (
        event("DTSTART:20261205T100000Z", "DURATION:PT2H") + event(*DAILY),
        "01T10 02T10 03T10 04T10 05T10",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "begins"), RULES.values(), ids=RULES)
def test_what_repeats_is_unrolled_by_the_standard(lines: tuple[str, ...], begins: str) -> None:
    assert " ".join(f"{freeze.begins:%dT%H}" for freeze in freezes(calendar(lines))) == begins


def test_what_repeats_in_utc_follows_the_clocks_of_the_calendars_zone() -> None:
    raw = calendar(
        event("DTSTART:20270322T090000Z", "DURATION:PT2H", "RRULE:FREQ=WEEKLY;COUNT=2"),
        head=("X-WR-TIMEZONE:Europe/Berlin",),
    )

    # Between the two, clocks go forward.
    assert [freeze.begins for freeze in freezes(raw)] == [
        datetime(2027, 3, 22, 9, tzinfo=UTC),
        datetime(2027, 3, 29, 8, tzinfo=UTC),
    ]


def test_a_freeze_that_began_long_ago_still_holds() -> None:
    [freeze] = freezes(calendar(event("DTSTART:20250101T000000Z", "DTEND:20261231T000000Z")))

    assert freeze.span(YEAR) == Span(YEAR.begin, datetime(2026, 12, 31, tzinfo=UTC))


def test_what_is_over_or_out_of_sight_is_left_out() -> None:
    raw = calendar(
        event("DTSTART:20261001T000000Z", "DTEND:20261002T000000Z", uid="1"),
        event("DTSTART:20290101T000000Z", "DTEND:20290102T000000Z", uid="2"),
    )

    assert freezes(raw) == []


def test_an_event_without_length_holds_nothing() -> None:
    assert freezes(calendar(event("DTSTART:20261127T100000Z"))) == []


def test_days_are_those_of_the_calendars_own_zone() -> None:
    raw = calendar(event("DTSTART;VALUE=DATE:20261127"), head=("X-WR-TIMEZONE:America/New_York",))

    [freeze] = freezes(raw)

    assert freeze.span(YEAR) == Span(
        datetime(2026, 11, 27, 5, tzinfo=UTC), datetime(2026, 11, 28, 5, tzinfo=UTC)
    )


def test_a_windows_zone_name_is_understood() -> None:
    raw = calendar(event("DTSTART;TZID=W. Europe Standard Time:20261127T100000", "DURATION:PT2H"))

    assert [freeze.begins for freeze in freezes(raw)] == [datetime(2026, 11, 27, 9, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("lines", "line", "message"),
    [
        (("DTSTART:2026-11-27",), 8, "2026-11-27"),
        (("DTSTART;TZID=Nowhere/Land:20261127T100000", "DURATION:PT2H"), 8, "'Nowhere/Land'"),
        (("DTSTART:20261127T100000Z", "DTEND:20261126T100000Z"), 9, "ends before it begins"),
        (("DTSTART:20261127T100000Z", "DURATION:-PT1H"), 9, "ends before it begins"),
        (("DTSTART:20261127T100000Z", "RRULE:FREQ=MINUTELY"), 9, "within a day"),
        (("DTSTART:20261127T100000Z", "RRULE:FREQ=DAILY;BYMINUTE=1,2"), 9, "within a day"),
        (("DTSTART:20261127T100000Z", "RRULE:FREQ=OFTEN"), 9, "OFTEN"),
        (("DESCRIPTION:when?",), 4, "has no DTSTART"),
        (("nonsense",), 4, "nonsense"),
    ],
)
def test_a_faulty_event_is_named_with_its_line(
    lines: tuple[str, ...], line: int, message: str
) -> None:
    [fault] = faults(calendar(event(*lines)))

    assert fault.subject == f"{SOURCE} line {line}"
    assert message in fault.message


def test_every_faulty_event_is_told() -> None:
    raw = calendar(
        event("DTSTART:never", title="one"),
        event("DTSTART:20261127T100000Z", "DURATION:PT1H", title="fine"),
        event(title="three"),
    )

    assert [fault.message.partition(":")[0] for fault in faults(raw)] == [
        "event 'one'",
        "event 'three'",
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>Sign in</html>",
        calendar(event("DTSTART:20261127T100000Z"))[:80],
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_calendar_is_refused(raw: bytes) -> None:
    [fault] = faults(raw)

    assert fault.subject == SOURCE
    assert "is not a complete iCal file" in fault.message


def test_an_unknown_zone_of_the_calendar_is_refused() -> None:
    [fault] = faults(calendar(head=("X-WR-TIMEZONE:Mars/Olympus",)))

    assert "'Mars/Olympus'" in fault.message


def test_a_calendar_that_floods_is_refused() -> None:
    flood = [
        event("DTSTART:20261101T000000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY", uid=str(number))
        for number in range(101)
    ]

    [fault] = faults(calendar(*flood))

    assert "101 recurring events" in fault.message


def test_an_event_beyond_all_calendars_is_refused() -> None:
    [fault] = faults(calendar(event("DTSTART:20261127T100000Z", "DTEND:99991231T235959Z")))

    assert "can't be unrolled" in fault.message


def test_an_empty_calendar_freezes_nothing() -> None:
    assert freezes(calendar()) == []
