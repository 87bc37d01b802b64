"""An endpoint's week as a heat map that needs no colour."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from enum import Enum, auto
from math import ceil
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.table import Table
from rich.text import Text

from switchover.domain.windows.quiet_hours import TrafficWeek
from switchover.domain.windows.times import WEEK
from switchover.domain.windows.window import openings, say_length
from switchover.domain.windows.zones import Span
from switchover_cli.windows.outlook import frozen_until

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.windows.times import Window
    from switchover_cli.windows.outlook import Outlook

_SHADES = "·░▒▓█"
_UNSEEN = " "
_DAY_HOURS = 24
_FREEZES_SHOWN = 8


class _Hour(Enum):
    """Whether updates may run in an hour of the week."""

    OPEN = auto()
    SHUT = auto()


def draw_outlook(outlook: Outlook) -> RenderableType:
    """The printed form for people."""
    parts: list[RenderableType] = [Text(outlook.endpoint, style="bold")]
    parts += [*_draw_hold(outlook), _draw_rule(outlook), ""]
    if isinstance(outlook.week, TrafficWeek):
        parts += [_draw_week(outlook, outlook.week), _draw_legend(outlook.week), ""]
    else:
        parts += [_draw_week(outlook, None)] if outlook.windows else []
        parts += [Text(f"  {outlook.week.message}", style="dim"), ""]
    if outlook.windows:
        parts += [_draw_openings(outlook), ""]
    return Group(*parts, _draw_freezes(outlook))


def _draw_hold(outlook: Outlook) -> tuple[Text, ...]:
    until = frozen_until(outlook)
    if until is None:
        return ()
    end = f"until {_minute(until, ZoneInfo(outlook.timezone))} {outlook.timezone}"
    told = "for more than a year" if until == outlook.ahead.end else end
    return (Text(f"Frozen {told}: only a hotfix or a rollback may begin.", style="bold yellow"),)


def _draw_rule(outlook: Outlook) -> Text:
    if outlook.is_auto:
        hours = say_length(timedelta(hours=_hours(outlook.windows[0])))
        return Text(f"Updates begin in the quietest {hours} of each day, marked [ ] below.")
    if outlook.windows:
        return Text(
            "Updates begin in the policy's window, marked [ ] below:\n"
            + "\n".join(f"  {say_window(window)}" for window in outlook.windows)
        )
    when = "at once" if frozen_until(outlook) is None else "as soon as no freeze holds"
    text = f"The policy has no window: updates begin {when}."
    return Text(
        f"{text} The hours that `auto` would choose are marked [ ]." if outlook.suggested else text
    )


def say_window(window: Window) -> str:
    """`mon–fri 22:00–05:00 Europe/Berlin`."""
    days = [day for day in WEEK if day in window.days]
    first, last = WEEK.index(days[0]), WEEK.index(days[-1])
    is_run = len(days) > 2 and len(days) == last - first + 1
    if len(days) == len(WEEK):
        said = "every day"
    else:
        said = f"{days[0]}–{days[-1]}" if is_run else ", ".join(days)
    return f"{said} {window.opens}–{window.closes} {window.timezone}"


def _hours(window: Window) -> int:
    opens, closes = (int(edge.partition(":")[0]) for edge in (window.opens, window.closes))
    return (closes - opens) % _DAY_HOURS or _DAY_HOURS


def _draw_week(outlook: Outlook, week: TrafficWeek | None) -> Text:
    marked = _mark(outlook.windows or outlook.suggested, outlook)
    ruler = "".join(f"{hour:<6}" for hour in range(0, _DAY_HOURS, 2))
    text = Text(f"       {ruler}{outlook.timezone}\n", style="dim")
    peak = max((mean or 0.0 for row in week.means for mean in row), default=0.0) if week else 0.0
    for day, name in enumerate(WEEK):
        text.append(f"  {name} ", style="bold")
        for hour in range(_DAY_HOURS):
            slot = day * _DAY_HOURS + hour
            edge = _edge(marked[slot], marked[slot - 1], is_first=hour == 0)
            text.append(edge, style="bold cyan")
            mean = week.means[day][hour] if week else None
            text.append(2 * _shade(mean, peak), style="cyan" if marked[slot] is _Hour.OPEN else "")
        midnight = (day + 1) * _DAY_HOURS % len(marked)
        edge = _edge(marked[midnight], marked[midnight - 1], is_first=False)
        goes_on = marked[midnight] is marked[midnight - 1] is _Hour.OPEN
        text.append("›" if goes_on else edge.replace("[", " "), style="bold cyan")
        text.append("\n")
    text.right_crop(1)
    return text


def _edge(now: _Hour, before: _Hour, *, is_first: bool) -> str:
    """The character between two hours, or at the left end of a row."""
    match before, now:
        case _Hour.SHUT, _Hour.OPEN:
            return "["
        case _Hour.OPEN, _Hour.SHUT if not is_first:
            return "]"
        case _Hour.OPEN, _Hour.OPEN if is_first:
            return "‹"
        case _:
            return " "


def _mark(windows: tuple[Window, ...], outlook: Outlook) -> list[_Hour]:
    """Whether each hour of the week is open, by its middle in the next seven days."""
    zone = ZoneInfo(outlook.timezone)
    today = outlook.ahead.begin.astimezone(zone).date()
    first = datetime.combine(today, time(), zone).astimezone(UTC)
    spans = openings(windows, Span(first, first + timedelta(days=8)))
    marked = [_Hour.SHUT] * (len(WEEK) * _DAY_HOURS)
    for day in range(len(WEEK)):
        date = today + timedelta(days=day)
        for hour in range(_DAY_HOURS):
            at = datetime.combine(date, time(hour, 30), zone).astimezone(UTC)
            slot = date.weekday() * _DAY_HOURS + hour
            if any(span.begin <= at < span.end for span in spans):
                marked[slot] = _Hour.OPEN
    return marked


def _shade(mean: float | None, peak: float) -> str:
    if mean is None:
        return _UNSEEN
    return _SHADES[ceil(mean / peak * (len(_SHADES) - 1))] if peak else _SHADES[0]


def _draw_legend(week: TrafficWeek) -> Text:
    peak = max(mean or 0.0 for row in week.means for mean in row)
    levels = len(_SHADES) - 1
    bounds = "  ".join(
        f"{2 * shade} ≤ {_round(peak * level / levels)}"
        for level, shade in enumerate(_SHADES[1:], start=1)
    )
    days = week.seen_hours / _DAY_HOURS
    return Text(f"  invocations an hour over {days:.0f} days:  ·· none  {bounds}", style="dim")


def _round(count: float) -> str:
    return f"{count:,.0f}" if count >= 10 else f"{count:.1f}"


def _draw_openings(outlook: Outlook) -> Table:
    zone = ZoneInfo(outlook.timezone)
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column(f"next openings, {outlook.timezone}")
    table.add_column("lasts", justify="right")
    # Schedules and logs use UTC.
    table.add_column("opens in UTC" if outlook.timezone != "UTC" else "")
    for span in outlook.openings:
        is_now = span.begin == outlook.ahead.begin
        is_endless = span.end == outlook.ahead.end
        opens = "now" if is_now else _minute(span.begin, zone)
        table.add_row(
            opens if is_endless else f"{opens} – {_minute(span.end, zone)}",
            "" if is_endless else say_length(span.length),
            _minute(span.begin, ZoneInfo("UTC")) if outlook.timezone != "UTC" else "",
        )
    return table


def _draw_freezes(outlook: Outlook) -> RenderableType:
    if not outlook.freezes:
        return Text("No freeze ahead.", style="dim")
    zone = ZoneInfo(outlook.timezone)
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column(f"freezes ahead, {outlook.timezone}")
    table.add_column("why", overflow="fold")
    spans = sorted(
        (span, freeze.reason)
        for freeze in outlook.freezes
        if (span := freeze.span(outlook.ahead)) is not None
    )
    for span, reason in spans[:_FREEZES_SHOWN]:
        begins = "now" if span.begin == outlook.ahead.begin else _minute(span.begin, zone)
        table.add_row(f"{begins} – {_minute(span.end, zone)}", Text(reason))
    if len(spans) > _FREEZES_SHOWN:
        table.add_row(f"and {len(spans) - _FREEZES_SHOWN} more", "")
    return table


def _minute(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"
