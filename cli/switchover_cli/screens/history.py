"""An endpoint's updates as a table, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from switchover.explain.waits import say_starter
from switchover_cli.drift import draw_drift
from switchover_cli.screens.update import OUTCOME_STYLES
from switchover_cli.words import say_asked, say_minute, say_roughly, say_version, shorten_alarm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.adoption import Drift
    from switchover.domain.update.update import Update


def find_place(updates: Sequence[Update], drift: Drift) -> int:
    """How many of the updates (newest first) began after the change that was made outside Switchover."""
    return sum(update.started_at > drift.since for update in updates)


def draw_history(
    updates: Sequence[Update], drift: Drift | None = None, *, names_endpoints: bool = False
) -> Group:
    """One line per update: time, version, strategy, outcome, duration.

    A change made outside Switchover has a line of its own, in order of time. Below each line: who started
    the update and why, and why it failed.
    """
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("started (UTC)", no_wrap=True)
    if names_endpoints:
        table.add_column("endpoint", overflow="fold")
    table.add_column("version", no_wrap=True)
    table.add_column("strategy", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    place = find_place(updates, drift) if drift else None
    for number, update in enumerate(updates):
        if number == place and drift is not None:
            _add_drift(table, drift)
        table.add_row(
            say_minute(update.started_at),
            *([update.endpoint] if names_endpoints else []),
            say_version(update),
            update.plan.deployment.pace.strategy.value if update.plan else "–",
            _draw_outcome(update),
            _took(update),
        )
    if place == len(updates) and drift is not None:
        _add_drift(table, drift)
    notes: list[RenderableType] = [draw_drift(drift)] if drift else []
    for update in updates:
        name = (
            f"{update.endpoint} {say_version(update)}" if names_endpoints else say_version(update)
        )
        told = [_why(update)] if update.reasons else []
        told += [f"asked for {say_asked(update)}"] if say_starter(update) else []
        notes += [_draw_note(f"{say_minute(update.started_at)}  {name}", each) for each in told]
    return Group(table, *([Text(), *notes] if notes else []))


def _add_drift(table: Table, drift: Drift) -> None:
    drifted = Text("drift", style="bold yellow")
    table.add_row(say_minute(drift.since), "(somebody else)", "–", drifted, "–")


def _draw_note(of: str, told: str) -> Padding:
    """Text indented and wrapped, so that no reason is cut off."""
    return Padding(Text.assemble((of, "bold"), "  ", told), (0, 0, 0, 1))


def _draw_outcome(update: Update) -> Text:
    if update.open_gate is not None:
        return Text("waits for people", style="yellow")
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
