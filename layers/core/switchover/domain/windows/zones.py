"""Time zones: when local clocks jump or repeat an hour, as spans of UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import chain
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# No zone has ever changed its offset from UTC and changed it back within hours.
_STEP = timedelta(hours=6)
_SECOND = timedelta(seconds=1)


def is_timezone(name: str) -> bool:
    """Whether the IANA database has a zone of this name."""
    try:
        ZoneInfo(name)
    # A folder of the database ("Europe"), or a path outside of it, raises different errors.
    except (KeyError, ValueError, OSError):
        return False
    return True


def _known_zone(name: str) -> str:
    if not is_timezone(name):
        raise ValueError(f"is not an IANA time zone{_suggest_zone(name)}")
    return name


def _suggest_zone(name: str) -> str:
    zones = sorted(available_timezones())
    by_word = {zone.rpartition("/")[2].casefold(): zone for zone in zones}
    by_word |= {zone.casefold(): zone for zone in zones}
    wanted = name.strip().casefold().replace(" ", "_")
    near = get_close_matches(wanted, by_word, n=1, cutoff=0.7)
    return f"; did you mean {by_word[near[0]]!r}?" if near else ", like Europe/Berlin"


Timezone = Annotated[
    str,
    AfterValidator(_known_zone),
    Field(description="IANA name of a time zone, like Europe/Berlin.", examples=["Europe/Berlin"]),
]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The time from `begin` until just before `end`, both in UTC."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """The real length, which may differ from the difference of local times."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span in which a zone has one offset from UTC."""

    begin: datetime
    end: datetime
    offset: timedelta

    def instants(self, begin: datetime, end: datetime) -> Span | None:
        """The instants of this stretch at which local clocks show `begin` or later, but not yet `end`.

        Times without a zone are local; times with a zone are instants.
        """
        first = max(self.begin, self._instant(begin))
        last = min(self.end, self._instant(end))
        return Span(first, last) if first < last else None

    def _instant(self, time: datetime) -> datetime:
        if time.tzinfo is not None:
            return time.astimezone(UTC)
        return (time - self.offset).replace(tzinfo=UTC)


def stretches(timezone: str, within: Span) -> Iterator[Stretch]:
    """Cut a span at the zone's clock changes."""
    zone = ZoneInfo(timezone)
    begin = at = within.begin
    offset = _offset(zone, begin)
    while at < within.end:
        ahead = min(at + _STEP, within.end)
        if _offset(zone, ahead) == offset:
            at = ahead
            continue
        change = _find_change(zone, at, ahead)
        if begin < change:
            yield Stretch(begin, change, offset)
        begin = at = change
        offset = _offset(zone, change)
    if begin < within.end:
        yield Stretch(begin, within.end, offset)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta(0)


def _find_change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = _offset(zone, before)
    # Clocks change at whole seconds.
    low, high = 0, -(-(after - before) // _SECOND)
    base = before.replace(microsecond=0)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, base + middle * _SECOND) == offset:
            low = middle
        else:
            high = middle
    return base + high * _SECOND


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join overlapping and adjacent spans; the result is ordered and has gaps between spans."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.begin <= merged[-1].end:
            merged[-1] = Span(merged[-1].begin, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def subtract(spans: tuple[Span, ...], holes: tuple[Span, ...]) -> tuple[Span, ...]:
    """The parts of merged spans that are outside of merged holes."""
    return tuple(chain.from_iterable(_outside(span, holes) for span in spans))


def _outside(span: Span, holes: tuple[Span, ...]) -> Iterator[Span]:
    begin = span.begin
    for hole in holes:
        if hole.end <= begin:
            continue
        if hole.begin >= span.end:
            break
        if begin < hole.begin:
            yield Span(begin, hole.begin)
        begin = hole.end
    if begin < span.end:
        yield Span(begin, span.end)
