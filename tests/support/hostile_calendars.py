"""Calendars that would take a naive reader hours or gigabytes; run as a script, it reads each of them."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime, timedelta

from switchover.domain.reasons import Reason
from switchover.domain.windows.calendar_file import read_calendar
from switchover.domain.windows.zones import Span

YEAR = Span(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 6, tzinfo=UTC))
BEGIN = "DTSTART:20261127T100000Z"
HOUR = "DURATION:PT1H"
LONG_AGO = "DTSTART:19700101T000000Z"


def event(*lines: str, uid: int = 1) -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT", ""])


def events(count: int, *lines: str) -> str:
    return "".join(event(*lines, uid=number) for number in range(count))


def zone(rule: str, name: str = "Z") -> str:
    shift = ("DTSTART:16010101T000000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", rule)
    lines = ("BEGIN:VTIMEZONE", f"TZID:{name}", "BEGIN:STANDARD", *shift, "END:STANDARD")
    return "\r\n".join([*lines, "END:VTIMEZONE", event("DTSTART;TZID=Z:20261127T100000", HOUR)])


def stamps(count: int) -> list[str]:
    days = (f"{date(2026, 11, 1) + timedelta(days=n):%Y%m%d}" for n in itertools.count())
    minutes = [f"T{n // 60:02}{n % 60:02}00Z" for n in range(24 * 60)]
    return list(itertools.islice((day + minute for day in days for minute in minutes), count))


# What each holds, and what is said of it; empty where nothing is wrong with it.
CALENDARS = {
    "an interval of 0": (event(BEGIN, "RRULE:FREQ=DAILY;INTERVAL=0"), "INTERVAL and COUNT"),
    "an interval below 0": (event(BEGIN, "RRULE:FREQ=DAILY;INTERVAL=-1"), "INTERVAL and"),
    "an endless interval": (event(BEGIN, f"RRULE:FREQ=DAILY;INTERVAL={'9' * 4000}"), "INTERVAL"),
    "an endless count": (event(BEGIN, f"RRULE:FREQ=DAILY;COUNT={'9' * 300}"), "INTERVAL and"),
    "every second": (event(BEGIN, "RRULE:FREQ=SECONDLY"), "within a day"),
    "every hour of a day": (event(BEGIN, "RRULE:FREQ=DAILY;BYHOUR=1,2"), "within a day"),
    "no frequency": (event(BEGIN, "RRULE:COUNT=2"), "with exactly one FREQ"),
    "two frequencies": (event(BEGIN, "RRULE:FREQ=DAILY,WEEKLY"), "with exactly one FREQ"),
    "another scale": (event(BEGIN, "RRULE:RSCALE=HEBREW;FREQ=DAILY"), "RSCALE, which is not supported"),
    "a rule to leave out by": (event(BEGIN, "EXRULE:FREQ=DAILY"), "excludes days by a rule"),
    "a long rule": (
        event(BEGIN, f"RRULE:FREQ=DAILY;BYMONTHDAY={','.join(['1'] * 30_000)}"),
        "longer than 1000 characters",
    ),
    "no day at all": (events(100, BEGIN, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), ""),
    "since the year 1": (events(100, "DTSTART:00010101T000000Z", "RRULE:FREQ=YEARLY"), "250000 days"),
    "daily since long ago": (events(48, LONG_AGO, HOUR, "RRULE:FREQ=DAILY"), "250000 days"),
    "as many as there may be": (events(11, LONG_AGO, HOUR, "RRULE:FREQ=DAILY"), ""),
    "many a day": (events(20, BEGIN, HOUR, "RRULE:FREQ=DAILY"), "5000 times in a year"),
    "one id for all": ("".join(event(BEGIN, HOUR) for _ in range(2_000)), ""),
    "many events": (events(2_001, BEGIN), "more than 2000 events"),
    "many dates": (event(BEGIN, HOUR, f"RDATE:{','.join(stamps(50_000))}"), "5000 times in a year"),
    "many dates left out": (
        event(BEGIN, HOUR, "RRULE:FREQ=DAILY", *(f"EXDATE:{each}" for each in stamps(35_000))),
        "",
    ),
    "many changes that go on": (
        events(10, BEGIN, HOUR, "RRULE:FREQ=DAILY")
        + "".join(
            event(f"RECURRENCE-ID;RANGE=THISANDFUTURE:{each}", BEGIN, HOUR) for each in stamps(1_000)
        ),
        "",
    ),
    "a zone that changes daily": (zone("RRULE:FREQ=DAILY"), "a rule that isn't yearly"),
    "a zone with an interval of 0": (zone("RRULE:FREQ=YEARLY;INTERVAL=0"), "that isn't yearly"),
    "a zone behind a fold": (zone("RRULE:FR\r\n EQ=SECONDLY"), "that isn't yearly"),
    "a zone behind a sign": (zone("RRULE:FREQ=YEARLY;X=\x0b;INTERVAL=0"), "that isn't yearly"),
    "a zone by the second": (zone("RRULE;X=1:FREQ=YEARLY;BYSECOND=1,2"), "that isn't yearly"),
    "a zone of small letters": (zone("rrule:freq=minutely"), "that isn't yearly"),
    "many zones": ("".join(zone("RRULE:FREQ=YEARLY", str(n)) for n in range(201)), "201 rules"),
    "depth": ("BEGIN:VEVENT\r\n" * 8_000 + "END:VEVENT\r\n" * 8_000, "is not a complete"),
    "two begins": (event(BEGIN, BEGIN), "is not a complete"),
    "a day for an end": (event(BEGIN, "DTEND;VALUE=DATE:20261128"), "ends before it begins"),
    "an end in no zone": (event(BEGIN, "DTEND:20261128T100000"), ""),
    "an endless length": (event(BEGIN, f"DURATION:P{'9' * 300}D"), "too large"),
    "the end of time": (event("DTSTART:99991231T235959Z", "DURATION:P1D"), "out of range"),
    "length": (event(BEGIN, f"X-A:{'a' * 2**20}"), "longer than 1048576 bytes"),
    "faults": (events(1_000, "DTSTART:never"), "Expected datetime"),
}  # fmt: skip


def read(body: str) -> list[str]:
    """What is said of a calendar: its faults, each a text; nothing if it was unrolled."""
    raw = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{body}END:VCALENDAR\r\n".encode()
    return [str(each) for each in read_calendar(raw, "f.ics", YEAR) if isinstance(each, Reason)]


if __name__ == "__main__":
    print(json.dumps({name: read(body) for name, (body, _) in CALENDARS.items()}))
