"""Finds when an update may begin: inside a window, outside every freeze, with time to end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from switchover.domain.plain_text import quote
from switchover.domain.reasons import Reason
from switchover.domain.release import Start
from switchover.domain.windows.zones import Span, merge, subtract

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from switchover.domain.windows.freezes import Freeze
    from switchover.domain.windows.times import Window

# Longer than a year. No update waits for a later time.
LOOK_AHEAD = timedelta(days=370)


@dataclass(frozen=True, slots=True)
class StartTime:
    """The time in UTC at which an update may begin, and the reason for it.

    The update must end by `closes_at`, when a window closes or a freeze begins; None if neither
    happens. `passed_by` are the options with which the update would begin at once; empty if there are
    none, or none are needed.
    """

    at: datetime
    why: str
    closes_at: datetime | None
    passed_by: tuple[str, ...] = ()

    def begin_by(self, lasts_seconds: int) -> datetime | None:
        """The latest start for an update of this length; None if there is no limit."""
        return self.closes_at and self.closes_at - timedelta(seconds=lasts_seconds)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The windows and freezes of an endpoint's policy, with all calendar files read."""

    windows: tuple[Window, ...] = ()
    freezes: tuple[Freeze, ...] = ()


def find_start(
    now: datetime,
    *,
    wish: Start | datetime,
    windows: tuple[Window, ...],
    freezes: tuple[Freeze, ...],
    lasts_seconds: int = 0,
    is_hotfix: bool = False,
    skips_window: bool = False,
    keeps_time: bool = False,
) -> StartTime | Reason:
    """Find the first time from `now` on at which an update may begin and has time to end.

    Every release waits for an opening of the windows; without windows, `now` begins at once and
    `low-peak` is refused. A named time means: not before. With `keeps_time` (the policy lets releases
    keep their time) a named time ignores the windows. `skips_window` is an operator's decision for
    this moment. Only a hotfix ignores freezes.
    """
    found = _find_start(
        now,
        wish=wish,
        windows=windows,
        freezes=freezes,
        lasts_seconds=lasts_seconds,
        is_hotfix=is_hotfix,
        skips_window=skips_window,
        keeps_time=keeps_time,
    )
    if isinstance(found, Reason) or found.at <= now:
        return found
    for asks_now, asks_hotfix in ((True, False), (False, True), (True, True)):
        other = _find_start(
            now,
            wish=wish,
            windows=windows,
            freezes=freezes,
            lasts_seconds=lasts_seconds,
            is_hotfix=is_hotfix or asks_hotfix,
            skips_window=skips_window or asks_now,
            keeps_time=keeps_time,
        )
        if isinstance(other, StartTime) and other.at <= now:
            options = (("--now", asks_now), ("--hotfix", asks_hotfix))
            return replace(found, passed_by=tuple(name for name, is_asked in options if is_asked))
    return found


def _find_start(
    now: datetime,
    *,
    wish: Start | datetime,
    windows: tuple[Window, ...],
    freezes: tuple[Freeze, ...],
    lasts_seconds: int,
    is_hotfix: bool,
    skips_window: bool,
    keeps_time: bool,
) -> StartTime | Reason:
    if wish is Start.LOW_PEAK and not windows and not skips_window:
        return _no_window()
    named = wish if isinstance(wish, datetime) and not skips_window else None
    earliest = max(now, named or now).astimezone(UTC)
    ahead = Span(earliest, earliest + LOOK_AHEAD)
    held_by = () if skips_window or (named and keeps_time) else windows
    lasts = timedelta(seconds=lasts_seconds)
    opened = find_openings(held_by, (), ahead)
    longest = max((span.length for span in opened), default=timedelta(0))
    if longest < lasts:
        return _too_short(longest, lasts)
    holding = () if is_hotfix else freezes
    for span in find_openings(held_by, holding, ahead):
        if span.length >= lasts:
            zone = ZoneInfo(windows[0].timezone if windows else "UTC")
            waited = Span(earliest, span.begin)
            is_asked = earliest > now
            why = _Why(waited, span, is_asked, opened if held_by else (), holding, lasts, zone)
            closes_at = span.end if span.end < ahead.end else None
            return StartTime(span.begin, str(why), closes_at)
    return _always_frozen(holding, lasts)


def openings(windows: Iterable[Window], within: Span) -> tuple[Span, ...]:
    """The openings of all windows together; overlapping or adjacent ones are joined."""
    return merge(span for window in windows for span in window.spans(within))


def find_openings(
    windows: tuple[Window, ...], freezes: tuple[Freeze, ...], ahead: Span
) -> tuple[Span, ...]:
    """The times when updates may run: always without windows, and never in a freeze."""
    return subtract(openings(windows, ahead) if windows else (ahead,), frozen_spans(freezes, ahead))


def frozen_spans(freezes: Iterable[Freeze], within: Span) -> tuple[Span, ...]:
    """The spans of all freezes together."""
    return merge(span for freeze in freezes if (span := freeze.span(within)) is not None)


@dataclass(frozen=True, slots=True)
class _Why:
    """Explains an update's wait, in the order in which the obstacles end."""

    waited: Span
    found: Span
    is_asked: bool
    opened: tuple[Span, ...]
    freezes: tuple[Freeze, ...]
    lasts: timedelta
    zone: ZoneInfo

    def __str__(self) -> str:
        said = [*self._asked(), *self._frozen(), *self._windowed()]
        return " ".join(said) or "No window or freeze delays it."

    def _asked(self) -> Iterator[str]:
        if self.is_asked:
            yield f"The release asks for {self._time(self.waited.begin)}."

    def _frozen(self) -> Iterator[str]:
        for freeze in self.freezes:
            span = freeze.span(self.waited)
            if span is not None and (not self.opened or self._is_open_in(span)):
                yield f"Frozen until {self._time(span.end)}: {quote(freeze.reason)}."

    def _windowed(self) -> Iterator[str]:
        if not self.opened:
            return
        first = self.opened[0]
        needs = f"the longest duration of {say_length(self.lasts)}"
        if first.end <= self.found.begin and not any(self._frozen()):
            yield f"The opening until {self._time(first.end)} is too short for {needs}."
        if self.found.length >= LOOK_AHEAD:
            yield "Its window is always open."
        elif self.found.begin > self.waited.begin:
            yield f"Its window is open from {self._time(self.found.begin)}."
        else:
            yield f"Its window is open until {self._time(self.found.end)}."

    def _is_open_in(self, span: Span) -> bool:
        return any(one.begin < span.end and span.begin < one.end for one in self.opened)

    def _time(self, at: datetime) -> str:
        return say_local(at, self.zone)


def say_local(at: datetime, zone: ZoneInfo) -> str:
    """A minute on a zone's clocks: `Tue 2026-11-24 02:00 Europe/Berlin`."""
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M} {zone.key}"


def say_length(length: timedelta) -> str:
    """A length to the minute: `45 min`, `3 h`, `1 h 05 min`."""
    hours, minutes = divmod(-(-length // timedelta(minutes=1)), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"


def _no_window() -> Reason:
    return Reason(
        code="start.no-window",
        subject="release.json: start",
        message="'low-peak' needs a window, but the policy has none.",
        remedy="Add a `window` to the policy, or write `start: now`.",
    )


def _too_short(longest: timedelta, lasts: timedelta) -> Reason:
    return Reason(
        code="window.too-short",
        subject="policy: window",
        message=(
            f"the longest opening is {say_length(longest)}, and the update may take"
            f" {say_length(lasts)}."
        ),
        remedy="Widen the window, shorten the bakes, or start it with --now and a --reason.",
    )


def _always_frozen(freezes: tuple[Freeze, ...], lasts: timedelta) -> Reason:
    needs = f" of at least {say_length(lasts)}" if lasts else ""
    reasons = ", ".join(dict.fromkeys(quote(freeze.reason) for freeze in freezes[:3]))
    return Reason(
        code="freeze.endless",
        subject="policy: freezes",
        message=f"they leave no time{needs} in the next {LOOK_AHEAD.days} days ({reasons}).",
        remedy="End a freeze earlier, or start the release as an operator with --hotfix and a --reason.",
    )
