"""Freezes out of an iCal file, as Outlook, Google Calendar and their like export them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from switchover.domain.reasons import Reason
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.zones import is_timezone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from icalendar import Calendar, Event

    from switchover.domain.windows.zones import Span

# What a year of daily events takes is seconds for this many; a calendar of freezes has a few.
_MOST_RECURRING = 100
_DAY = timedelta(days=1)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_SEVERAL_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")


def read_calendar(raw: bytes, source: str, within: Span) -> tuple[Freeze, ...] | tuple[Reason, ...]:
    """The events of an iCal file that touch a span, as freezes; or everything wrong with the file.

    Recurring events are unrolled. Cancelled ones don't count. Days and times without a zone are
    those of the calendar's X-WR-TIMEZONE, else UTC.
    """
    # Both take a quarter of a second to load, which only those who keep calendars shall wait for.
    from icalendar import Calendar
    from recurring_ical_events import of

    try:
        calendar = Calendar.from_ical(raw)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        return (
            _fault(source, f"is not a complete iCal file: {' '.join(str(error).split())[:120]}."),
        )
    faults = tuple(_faults(calendar, raw.decode(errors="replace"), source))
    if faults:
        return faults
    timezone = str(calendar.get("X-WR-TIMEZONE", "UTC"))
    try:
        return tuple(
            _freeze(event, timezone)
            for event in of(calendar).between(within.begin, within.end)
            if event.start < event.end and str(event.get("STATUS", "")).upper() != "CANCELLED"
        )
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        return (_fault(source, f"can't be unrolled: {' '.join(str(error).split())[:160]}."),)


def _freeze(event: Event, timezone: str) -> Freeze:
    begins, ends = event.start, event.end
    if isinstance(ends, datetime):
        begins, ends = _in_utc(begins), _in_utc(ends)
    else:
        # DTEND of whole days is exclusive (RFC 5545, 3.6.1); a freeze's last day isn't.
        ends -= _DAY
    reason = " ".join(str(event.get("SUMMARY", "")).split())[:200] or "an event without a title"
    return Freeze(begins=begins, ends=ends, reason=reason, timezone=timezone)


def _in_utc(moment: date) -> date:
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return moment


def _faults(calendar: Calendar, text: str, source: str) -> Iterator[Reason]:
    timezone = str(calendar.get("X-WR-TIMEZONE", "UTC"))
    if not is_timezone(timezone):
        yield _fault(source, f"X-WR-TIMEZONE {timezone!r} is not an IANA time zone.")
    recurring = sum("RRULE" in event for event in calendar.walk("VEVENT"))
    if recurring > _MOST_RECURRING:
        yield _fault(source, f"holds {recurring} recurring events, more than {_MOST_RECURRING}.")
    lines = text.splitlines()
    begins = [number for number, line in enumerate(lines) if line.strip().upper() == "BEGIN:VEVENT"]
    for begin, event in zip(begins, calendar.walk("VEVENT"), strict=False):
        for name, message in _event_faults(event):
            line = _line(lines, begin, name)
            title = " ".join(str(event.get("SUMMARY", "")).split())[:60]
            yield _fault(f"{source} line {line}", f"event {title!r}: {message}.")


def _event_faults(event: Event) -> Iterator[tuple[str, str]]:
    if event.errors:
        yield from ((name or "", message.rstrip(".")) for name, message in event.errors)
        return
    if "DTSTART" not in event:
        yield "", "has no DTSTART"
        return
    for name in ("DTSTART", "DTEND"):
        # A zone that is neither IANA's nor defined in the file is dropped by the parser in silence.
        zone = event[name].params.get("TZID") if name in event else None
        if zone is not None and getattr(event[name].dt, "tzinfo", None) is None:
            yield name, f"time zone {zone!r} is neither IANA's nor defined in the file"
    # The parser would turn it round.
    if "DTEND" in event and event["DTEND"].dt < event["DTSTART"].dt:
        yield "DTEND", "ends before it begins"
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        often = _TOO_OFTEN.intersection(str(each).upper() for each in rule.get("FREQ", ()))
        if often or any(name in rule for name in _SEVERAL_A_DAY):
            yield "RRULE", "repeats within a day; a freeze repeats daily at most"


def _line(lines: list[str], begin: int, name: str) -> int:
    for number in range(begin, len(lines) if name else begin):
        if lines[number].upper().startswith((f"{name}:", f"{name};")):
            return number + 1
        if lines[number].strip().upper() == "END:VEVENT":
            break
    return begin + 1


def _fault(subject: str, message: str) -> Reason:
    return Reason(
        code="freeze.calendar",
        subject=subject,
        message=message,
        remedy="Export the calendar again, or correct it there; until then nothing starts.",
    )
