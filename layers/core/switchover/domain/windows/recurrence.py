"""Expands the events of an iCal file within a span (RFC 5545), in bounded time and number.

This module adds to the rules: further days (RDATE), excluded days (EXDATE), single changed days
(RECURRENCE-ID), zones and lengths.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from switchover.domain.windows.rules import DayRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from icalendar import Calendar, Event

    from switchover.domain.windows.zones import Span

# Enough for sixty events that repeat daily for ten years. Checking a day takes some 5 µs.
MOST_DAYS = 250_000
# More than ten per day for a year; no calendar of freezes has so many.
MOST_OCCURRENCES = 5_000
_DAY = timedelta(days=1)


class TooMuch(ValueError):
    """Expanding would take too long, or give too many times; the message ends the sentence "it …"."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time of an event. Both ends are days, the last one exclusive, or both are instants."""

    begin: date
    end: date
    event: Event


def unroll(calendar: Calendar, zone: tzinfo, within: Span) -> Iterator[Occurrence]:
    """The occurrences of a calendar's events that overlap a span.

    `zone` is the zone of days, and of times without a zone. Times in UTC also repeat by this zone's
    clocks, because calendars with X-WR-TIMEZONE mean that.

    Raises:
        TooMuch: expanding would take too long, or there are too many times.
        ValueError, TypeError, OverflowError: dates that don't fit together.
    """
    all_series = tuple(_all_series(calendar, zone))
    if sum(series.days_until(within) for series in all_series) > MOST_DAYS:
        raise TooMuch(f"repeats for more than {MOST_DAYS} days before the time that counts")
    count = 0
    for occurrence in chain.from_iterable(series.occurrences(within) for series in all_series):
        if (
            instant(occurrence.begin, zone) >= within.end
            or instant(occurrence.end, zone) <= within.begin
        ):
            continue
        count += 1
        if count > MOST_OCCURRENCES:
            raise TooMuch(f"gives more than {MOST_OCCURRENCES} times in a year")
        yield occurrence


def instant(moment: date, zone: tzinfo) -> datetime:
    """The instant of a moment; a day begins at midnight in the zone."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), zone)
    return moment.astimezone(UTC)


def begin_of(event: Event, zone: tzinfo) -> date:
    """The start of an event: a day, or a time in a zone."""
    return _zoned(event["DTSTART"].dt, zone)


def length_of(event: Event, zone: tzinfo) -> timedelta:
    """The length of an event on local clocks. Without an end it lasts one day, or no time."""
    begin = begin_of(event, zone)
    if "DTEND" in event:
        length: timedelta = _zoned(event["DTEND"].dt, zone) - begin
        return length
    if "DURATION" in event:
        return timedelta(seconds=event["DURATION"].dt.total_seconds())
    return timedelta(0) if isinstance(begin, datetime) else _DAY


@dataclass(frozen=True, slots=True)
class _Series:
    """An event, and its changed occurrences by the occurrence that they replace."""

    event: Event | None
    changes: Mapping[date, Event]
    zone: tzinfo

    def days_until(self, within: Span) -> int:
        """The number of days that have to be checked."""
        if self.event is None:
            return 0
        span = (within.end - instant(begin_of(self.event, self.zone), self.zone)).days
        return sum(
            max(0, span) // int(rule.get("INTERVAL", [1])[0])
            for rule in _listed(self.event, "RRULE")
        )

    def occurrences(self, within: Span) -> Iterator[Occurrence]:
        left_out = {_mark(each) for each in self._dates("EXDATE")}
        for mark, change in self.changes.items():
            if mark not in left_out:
                begin = begin_of(change, self.zone)
                yield Occurrence(begin, begin + length_of(change, self.zone), change)
        if self.event is None:
            return
        gone = left_out | self.changes.keys()
        # A change may also apply to all later occurrences (RFC 5545, 3.2.13).
        onwards = sorted(
            (
                (self._instant(mark), change)
                for mark, change in self.changes.items()
                if _goes_on(change)
            ),
            key=itemgetter(0),
        )
        marks = [mark for mark, _ in onwards]
        length = length_of(self.event, self.zone)
        for begin, own_length in self._begins(self.event, within):
            # A day means the occurrence on that day.
            if not gone.isdisjoint({_mark(begin), date(begin.year, begin.month, begin.day)}):
                continue
            place = bisect_right(marks, self._instant(begin)) if marks else 0
            if place:
                yield self._moved(begin, onwards[place - 1][1])
            else:
                yield Occurrence(begin, begin + (own_length or length), self.event)

    def _moved(self, begin: date, change: Event) -> Occurrence:
        mark = _zoned(change["RECURRENCE-ID"].dt, self.zone)
        begin += begin_of(change, self.zone) - mark
        return Occurrence(begin, begin + length_of(change, self.zone), change)

    def _begins(self, event: Event, within: Span) -> Iterator[tuple[date, timedelta | None]]:
        """Every start once, from all sources, with a length if it has its own."""
        first = begin_of(event, self.zone)
        given = chain(
            [(first, None)],
            (
                (day, None)
                for rule in _listed(event, "RRULE")
                for day in _by_rule(rule, first, within)
            ),
            self._periods(),
        )
        seen: set[date] = set()
        for begin, length in given:
            if _mark(begin) not in seen:
                seen.add(_mark(begin))
                yield begin, length

    def _periods(self) -> Iterator[tuple[date, timedelta | None]]:
        for given in self._values("RDATE"):
            if not isinstance(given, tuple):
                yield _zoned(given, self.own_zone), None
                continue
            begin, end = given
            begin = _zoned(begin, self.own_zone)
            is_length = isinstance(end, timedelta)
            yield begin, end if is_length else _zoned(end, self.own_zone) - begin

    def _dates(self, name: str) -> Iterator[date]:
        return (_zoned(each, self.own_zone) for each in self._values(name))

    def _values(self, name: str) -> Iterator[Any]:
        lists = [] if self.event is None else _listed(self.event, name)
        return (each.dt for dates in lists for each in dates.dts)

    @property
    def own_zone(self) -> tzinfo:
        """The zone of the event, in which its other times are meant."""
        begin = None if self.event is None else begin_of(self.event, self.zone)
        return (begin.tzinfo if isinstance(begin, datetime) else None) or self.zone

    def _instant(self, moment: date) -> datetime:
        return instant(moment, self.zone)


def _all_series(calendar: Calendar, zone: tzinfo) -> Iterator[_Series]:
    events: dict[str | int, list[Event | None]] = {}
    changes: dict[str | int, dict[date, Event]] = {}
    # If a file has two versions of an event, the later one counts.
    for event in sorted(calendar.walk("VEVENT"), key=_sequence):
        uid = str(event["UID"]) if "UID" in event else id(event)
        if "RECURRENCE-ID" in event:
            mark = _mark(_zoned(event["RECURRENCE-ID"].dt, zone))
            changes.setdefault(uid, {})[mark] = event
        else:
            others = events.setdefault(uid, [])
            if others and _sequence(others[-1]) < _sequence(event):
                others.clear()
            others.append(event)
    for uid in {**events, **changes}:
        for each in events.get(uid, [None]):
            yield _Series(each, changes.get(uid, {}), zone)


def _by_rule(rule: Any, first: date, within: Span) -> Iterator[date]:
    """The days of a rule, at the time and in the zone of the first one, until the end of the span."""
    zone = first.tzinfo if isinstance(first, datetime) else None
    at = first.time() if isinstance(first, datetime) else time()
    last = within.end.astimezone(zone or UTC).replace(tzinfo=None) + _DAY
    for until in rule.get("UNTIL", ()):
        last = min(last, _until(until, zone))
    start = date(first.year, first.month, first.day)
    days = DayRule.of(rule, start).days(start, last.date())
    for day in islice(days, *(rule.get("COUNT") or [None])):
        if datetime.combine(day, at) <= last:
            yield datetime.combine(day, at, zone) if isinstance(first, datetime) else day


def _until(until: date, zone: tzinfo | None) -> datetime:
    """The last moment of a rule, on the rule's clocks; an UNTIL with a day includes that day."""
    if not isinstance(until, datetime):
        return datetime.combine(until, time(23, 59, 59))
    return (until.astimezone(zone) if zone and until.tzinfo else until).replace(tzinfo=None)


def _zoned(moment: date, zone: tzinfo) -> date:
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone)
    return moment.astimezone(zone) if moment.tzname() == "UTC" else moment


def _mark(moment: date) -> date:
    """The identity of an occurrence, in any zone."""
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment


def _goes_on(change: Event) -> bool:
    return str(change["RECURRENCE-ID"].params.get("RANGE", "")).upper() == "THISANDFUTURE"


def _sequence(event: Event | None) -> int:
    return 0 if event is None else int(event.get("SEQUENCE", 0))


def _listed(event: Event, name: str) -> list[Any]:
    given = event.get(name, [])
    return given if isinstance(given, list) else [given]
