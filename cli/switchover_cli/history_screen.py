"""An endpoint's updates as a table, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from switchover_cli.screen import OUTCOME_STYLES
from switchover_cli.words import say_minute, say_roughly, say_version, shorten_alarm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.update import Update


def draw_history(updates: Sequence[Update]) -> Group:
    """One line per update: when, what, how, how it ended, how long it took; then why some failed."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("started (UTC)", no_wrap=True)
    table.add_column("version", no_wrap=True)
    table.add_column("strategy", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    for update in updates:
        table.add_row(
            say_minute(update.started_at),
            say_version(update),
            update.plan.pace.strategy.value if update.plan else "–",
            _draw_outcome(update),
            _took(update),
        )
    notes: list[RenderableType] = [_draw_why(update) for update in updates if update.reasons]
    return Group(table, *([Text(), *notes] if notes else []))


def _draw_why(update: Update) -> Padding:
    """Indented and wrapped: a reason is no good if it is cut off."""
    said = Text.assemble((say_version(update), "bold"), "  ", _why(update))
    return Padding(said, (0, 0, 0, 1))


def _draw_outcome(update: Update) -> Text:
    if update.outcome is None:
        return Text("running", style="cyan")
    return Text(update.outcome.value, style=OUTCOME_STYLES[update.outcome])


def _took(update: Update) -> str:
    if update.ended_at is None:
        return "–"
    return say_roughly((update.ended_at - update.started_at).total_seconds())


def _why(update: Update) -> str:
    first, *others = update.reasons
    more = f" (and {len(others)} more: --json)" if others else ""
    subject = first.subject
    if subject.startswith("alarm "):
        fleet, purpose = shorten_alarm(subject.removeprefix("alarm "))
        subject = f"alarm {purpose} ({fleet})"
    return f"{subject}: {first.message}{more}"
