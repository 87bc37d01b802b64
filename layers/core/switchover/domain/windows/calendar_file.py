"""Reads freezes from an iCal file, as exported by Outlook or Google Calendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from switchover.domain.reasons import Reason, limit_reasons
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.rules import READ_PARTS
from switchover.domain.windows.zones import is_timezone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from icalendar import Calendar, Event

    from switchover.domain.windows.recurrence import Occurrence
    from switchover.domain.windows.zones import Span

LIMIT_BYTES = 1024**2
# A calendar of freezes has only a few.
_MOST_EVENTS = 2_000
_MOST_RECURRING = 100
# The parser expands every rule of a zone at once, some in 12 ms, and others forever. So only rules
# that change clocks on one day of the year are accepted.
_MOST_ZONE_RULES = 200
_ZONE_RULE = re.compile(
    r"((FREQ=YEARLY|INTERVAL=[1-9]\d?|COUNT=\d{1,4}|UNTIL=[\dTZ]{8,16}|WKST=[A-Z]{2}|BYMONTH=\d{1,2}"
    r"|BYDAY=[+-]?\d{0,2}[A-Z]{2}|BYMONTHDAY=[-\d,]{1,40}|BYYEARDAY=-?\d{1,3})(;|$))+",
    re.IGNORECASE,
)
_LONGEST_RULE = 1_000
_LARGEST = 100_000
_DAY = timedelta(days=1)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_SEVERAL_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")


def read_calendar(raw: bytes, source: str, within: Span) -> tuple[Freeze, ...] | tuple[Reason, ...]:
    """The events of an iCal file that overlap a span, as freezes; or all faults of the file.

    Recurring events are expanded. Cancelled events don't count. Days and times without a zone are in
    the calendar's X-WR-TIMEZONE, else in UTC. Any file takes a few seconds at most.
    """
    # Loaded here, because these libraries take a tenth of a second, and only calendars need them.
    from icalendar import Calendar

    from switchover.domain.windows.recurrence import TooMuch, instant, unroll

    text = raw.decode(errors="replace")
    too_much = _too_much(raw, text)
    if too_much:
        return (_fault(source, f"{too_much}."),)
    try:
        calendar = Calendar.from_ical(raw)
        faults = tuple(_faults(calendar, text, source))
    except (
        AttributeError,
        ValueError,
        LookupError,
        TypeError,
        ArithmeticError,
        RecursionError,
    ) as error:
        return (
            _fault(source, f"is not a complete iCal file: {' '.join(str(error).split())[:120]}."),
        )
    if faults:
        return limit_reasons(faults, code="freeze.calendar", subject=source)
    timezone = str(calendar.get("X-WR-TIMEZONE", "UTC"))
    try:
        zone = ZoneInfo(timezone)
        found = sorted(unroll(calendar, zone, within), key=lambda each: instant(each.begin, zone))
        return tuple(
            _freeze(each, timezone)
            for each in found
            if each.begin < each.end and str(each.event.get("STATUS", "")).upper() != "CANCELLED"
        )
    except TooMuch as error:
        return (_fault(source, f"{error}."),)
    except (ValueError, LookupError, TypeError, ArithmeticError, AttributeError) as error:
        return (_fault(source, f"can't be unrolled: {' '.join(str(error).split())[:160]}."),)


def _too_much(raw: bytes, text: str) -> str:
    """The reason why a file isn't parsed, as the end of the sentence "it …"; empty if it is parsed."""
    if len(raw) > LIMIT_BYTES:
        return f"is longer than {LIMIT_BYTES} bytes"
    rules = tuple(_zone_rules(text))
    if len(rules) > _MOST_ZONE_RULES:
        return f"defines time zones by {len(rules)} rules, more than {_MOST_ZONE_RULES}"
    odd = next((rule for rule in rules if not _ZONE_RULE.fullmatch(rule)), None)
    return "" if odd is None else f"defines a time zone by a rule that isn't yearly: {odd[:80]!r}"


def _zone_rules(text: str) -> Iterator[str]:
    """The rules of the time zones that a file defines, read by the same lines as the parser."""
    from icalendar.parser import Contentlines

    is_zone = False
    for line in Contentlines.from_ical(text):
        name, _, value = line.partition(":")
        match name.partition(";")[0].strip().upper():
            case "BEGIN" | "END" if value.strip().upper() == "VTIMEZONE":
                is_zone = name[0] in "Bb"
            case "RRULE" if is_zone:
                yield value.strip()


def _freeze(occurrence: Occurrence, timezone: str) -> Freeze:
    begins, ends = occurrence.begin, occurrence.end
    if isinstance(begins, datetime) and isinstance(ends, datetime):
        begins, ends = begins.astimezone(UTC), ends.astimezone(UTC)
    else:
        # DTEND of whole days is exclusive (RFC 5545, 3.6.1); a freeze's last day isn't.
        ends -= _DAY
    title = " ".join(str(occurrence.event.get("SUMMARY", "")).split())[:200]
    return Freeze(
        begins=begins, ends=ends, reason=title or "an event without a title", timezone=timezone
    )


def _faults(calendar: Calendar, text: str, source: str) -> Iterator[Reason]:
    timezone = str(calendar.get("X-WR-TIMEZONE", "UTC"))
    if not is_timezone(timezone):
        yield _fault(source, f"X-WR-TIMEZONE {timezone!r} is not an IANA time zone.")
    recurring = sum("RRULE" in event for event in calendar.walk("VEVENT"))
    if len(calendar.walk("VEVENT")) > _MOST_EVENTS:
        yield _fault(source, f"holds more than {_MOST_EVENTS} events.")
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
        # The parser silently drops a zone that is neither IANA's nor defined in the file.
        zone = event[name].params.get("TZID") if name in event else None
        if zone is not None and getattr(event[name].dt, "tzinfo", None) is None:
            yield name, f"time zone {zone!r} is neither IANA's nor defined in the file"
    end = next((name for name in ("DTEND", "DURATION") if name in event), None)
    if end and _ends_early(event):
        yield end, "ends before it begins"
    if "EXRULE" in event:
        yield (
            "EXRULE",
            "excludes days by a rule (EXRULE), which RFC 5545 removed; list the days with EXDATE",
        )
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        yield from (("RRULE", message) for message in _rule_faults(rule))


def _ends_early(event: Event) -> bool:
    from switchover.domain.windows.recurrence import length_of

    try:
        return length_of(event, UTC) < timedelta(0)
    except (TypeError, ArithmeticError):
        return True  # one is a day and the other a time, or the date is beyond the calendar's end


def _rule_faults(rule: Any) -> Iterator[str]:
    if len(rule.get("FREQ", ())) != 1:
        yield "must repeat with exactly one FREQ"
    often = _TOO_OFTEN.intersection(str(each).upper() for each in rule.get("FREQ", ()))
    if often or any(name in rule for name in _SEVERAL_A_DAY):
        yield "repeats within a day; a freeze repeats daily at most"
    numbers = chain(rule.get("INTERVAL", ()), rule.get("COUNT", ()))
    if any(not 1 <= number <= _LARGEST for number in numbers):
        yield f"INTERVAL and COUNT must be between 1 and {_LARGEST}"
    unread = sorted(rule.keys() - READ_PARTS)
    if unread and unread[0] not in _SEVERAL_A_DAY:
        yield f"has {unread[0]}, which is not supported"
    if len(rule.to_ical()) > _LONGEST_RULE:
        yield f"is longer than {_LONGEST_RULE} characters"


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
        remedy="Export the calendar again, or correct the file; until then no update starts.",
    )
