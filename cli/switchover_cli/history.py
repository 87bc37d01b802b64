"""An endpoint's updates as a table, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from switchover_cli.screen import OUTCOME_STYLES
from switchover_cli.words import say_minute, say_roughly, say_version, shorten_alarm

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.domain.update import Update


def draw_history(updates: Iterable[Update]) -> Table:
    """One line per update: when, what, how, how it ended, how long it took, why."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("started (UTC)", no_wrap=True)
    table.add_column("version", no_wrap=True)
    table.add_column("strategy", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    # The only column that gives way, so it alone isn't no_wrap: its cells are.
    table.add_column("why")
    for update in updates:
        table.add_row(
            say_minute(update.started_at),
            say_version(update),
            update.plan.pace.strategy.value if update.plan else "–",
            _draw_outcome(update),
            _took(update),
            Text(_why(update), no_wrap=True, overflow="ellipsis"),
        )
    return table


def _draw_outcome(update: Update) -> Text:
    if update.outcome is None:
        return Text("running", style="cyan")
    return Text(update.outcome.value, style=OUTCOME_STYLES[update.outcome])


def _took(update: Update) -> str:
    if update.ended_at is None:
        return "–"
    return say_roughly((update.ended_at - update.started_at).total_seconds())


def _why(update: Update) -> str:
    if not update.reasons:
        return update.summary
    first = update.reasons[0]
    subject = first.subject
    if subject.startswith("alarm "):
        fleet, purpose = shorten_alarm(subject.removeprefix("alarm "))
        subject = f"alarm {purpose} ({fleet})"
    return f"{subject}: {first.message}"
