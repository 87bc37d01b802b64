"""All endpoints as a table: one row each, and above it what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from switchover.domain.fleet import Absent, EndpointStatus
from switchover.domain.units import say_count
from switchover_cli.screens.update import OUTCOME_STYLES
from switchover_cli.words import say_minute, say_status, say_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from switchover_cli.board.reading import Row, Rules
    from switchover_cli.standing import Status

COLUMNS = ("serves", "last update", "now", "updates may start")


def draw_board(rows: Sequence[Row]) -> RenderableType:
    """The printed form for people."""
    if not rows:
        return Text(
            "No endpoint has a policy or a release here. The first step: switchover policy init ENDPOINT"
        )
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("endpoint", overflow="fold", style="bold")
    for name in COLUMNS:
        table.add_column(name, overflow="fold", ratio=1 if name == "now" else None)
    for row in rows:
        table.add_row(row.endpoint, *cells_of(row))
    return Group(_sum_up(rows), Text(), table)


def count_board(rows: Sequence[Row]) -> str:
    """How many endpoints there are, and how many updates run and wait."""
    running = sum(row.status is not None and row.status.running is not None for row in rows)
    waiting = sum(len(row.status.waiting) for row in rows if row.status)
    return (
        f"{say_count(len(rows), 'endpoint')}, {say_count(running, 'running update')},"
        f" {waiting} queued; times are UTC"
    )


def _sum_up(rows: Sequence[Row]) -> Text:
    """How many endpoints, and which of them need a person and why."""
    text = Text(count_board(rows))
    for row in rows:
        if row.attention:
            text.append(f"\n! {row.endpoint}", style="bold yellow")
            text.append(f": {row.attention}", style="default not bold")
    return text


def cells_of(row: Row) -> tuple[Text, Text, Text, Text]:
    """One endpoint's cells, in the order of `COLUMNS`."""
    if row.status is None:
        unread = Text("not read", style="dim")
        return unread, Text("–"), Text("–"), Text("–")
    return (
        _draw_serving(row.status),
        _draw_last(row.status),
        _draw_now(row.status),
        _draw_rules(row),
    )


def _draw_serving(status: Status) -> Text:
    reading, serving = status.endpoint, status.serving
    if isinstance(reading, Absent):
        return Text("nothing", style="bold red")
    text = Text(serving.version or serving.config_name)
    text.append(f" on {say_count(serving.instances, 'instance')}", style="dim")
    if reading.status is not EndpointStatus.IN_SERVICE:
        text.append(f"\n{say_status(reading.status)}", style="yellow")
    elif status.serves_since is not None:
        text.append(f"\nsince {say_minute(status.serves_since)}", style="dim")
    return text


def _draw_last(status: Status) -> Text:
    last = status.last
    if last is None or last.outcome is None:
        return Text("–", style="dim")
    text = Text(last.outcome.value, style=OUTCOME_STYLES[last.outcome])
    text.append(f" {say_version(last)}", style="default not bold")
    if last.ended_at is not None:
        text.append(f"\n{say_minute(last.ended_at)}", style="dim not bold")
    return text


def _draw_now(status: Status) -> Text:
    lines: list[Text] = []
    if status.running is not None:
        lines.append(
            Text.assemble((say_version(status.running.update), "bold"), f": {status.running.phase}")
        )
    if status.waiting:
        first = status.waiting[0]
        more = f", and {len(status.waiting) - 1} more" if len(status.waiting) > 1 else ""
        lines.append(Text(f"{first.version or 'a rollback'} is queued{more}"))
    if status.pin is not None:
        lines.append(Text(f"pinned to {status.pin.shown}"))
    return Text("\n").join(lines) if lines else Text("–", style="dim")


def _draw_rules(row: Row) -> Text:
    rules = row.rules
    if rules is None:
        return Text("unknown", style="dim")
    return Text(_say_opening(rules, row)).append(
        f"\n{rules.tier.value}: {rules.strategy.value}", style="dim"
    )


def _say_opening(rules: Rules, row: Row) -> str:
    if rules.opens is None:
        known = f"see switchover window {row.endpoint}"
        return known if rules.is_open_ended or rules.has_window else "at any time"
    now = row.status.endpoint.read_at if row.status else None
    opens = "now" if now and rules.opens.begin <= now else say_minute(rules.opens.begin)
    calendars = ", calendars not read" if rules.is_open_ended else ""
    end = rules.opens.end
    is_same_day = rules.opens.begin.date() == end.date()
    closes = f"{end:%H:%M}" if is_same_day else say_minute(end)
    return f"{opens} until {closes}{calendars}"
