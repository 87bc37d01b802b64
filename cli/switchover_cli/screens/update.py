"""How an update looks in a terminal: one panel while it runs, its outcome when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import ROUNDED
from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from switchover.domain.fleet import AlarmState
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.outcome import Outcome
from switchover.explain.advice import advise
from switchover.explain.waits import find_wait
from switchover_cli.drift import draw_drift
from switchover_cli.screens.reasons import draw_reasons
from switchover_cli.words import (
    ALARM_WORDS,
    say_asked,
    say_minute,
    say_moment,
    say_offset,
    say_strategy,
    say_version,
    shorten_alarm,
    squeeze,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.fleet import AlarmReading
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update
    from switchover.explain.waits import Wait
    from switchover_cli.scene import FleetCount, Scene

PANEL_WIDTH = 104
_TIMELINE_ROWS = 8
_LONGEST_FLEET_BAR = 16

_ALARM_STYLES = {
    AlarmState.OK: "green",
    AlarmState.ALARM: "bold red",
    AlarmState.INSUFFICIENT_DATA: "dim",
    AlarmState.MISSING: "yellow",
}
OUTCOME_STYLES = {
    Outcome.UPDATED: "green",
    Outcome.ROLLED_BACK: "yellow",
    Outcome.REJECTED: "yellow",
    Outcome.QUEUED: "cyan",
    Outcome.SUPERSEDED: "cyan",
    Outcome.NEEDS_OPERATOR: "bold red",
}
GOLDEN_STYLES = {
    GoldenVerdict.PASSED: "green",
    GoldenVerdict.FAILED: "bold red",
    GoldenVerdict.INCONCLUSIVE: "yellow",
}


def draw_scene(scene: Scene) -> RenderableType:
    """The panel of a running update. No text is cut: long text is wrapped."""
    update = scene.update
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", min_width=7)
    facts.add_column(ratio=1, overflow="fold")
    facts.add_row("update", Text(update.update_id, overflow="fold"))
    facts.add_row("asked", Text(say_asked(update)))
    facts.add_row("plan", Text(say_strategy(update.plan) if update.plan else "not fixed yet"))
    facts.add_row("phase", Text(scene.phase, style="bold"))
    if scene.drift is not None:
        facts.add_row("drift", draw_drift(scene.drift))
    if update.abort is not None:
        facts.add_row("stop", Text(update.abort.told, style="yellow"))
    wait = find_wait(update)
    if wait is not None:
        facts.add_row("waits", draw_wait(wait))
    facts.add_row("fleet", draw_fleet(scene.fleet, scene.full_fleet))
    facts.add_row("time", _draw_time(scene))
    facts.add_row("alarms", draw_alarms(scene.alarms))
    return Panel(
        Group(facts, Rule(style="dim"), _draw_timeline(scene.timeline, update)),
        title=Text(_headline(update), style="bold"),
        title_align="left",
        box=ROUNDED,
        border_style="dim",
        padding=(0, 1),
        width=PANEL_WIDTH,
    )


def draw_wait(wait: Wait) -> RenderableType:
    """The question to people, its reason and time limit, and the commands that answer it."""
    until = f"Until {say_minute(wait.until)} UTC. " if wait.until else ""
    return Group(
        Text(wait.question, style="bold"),
        *draw_reasons(wait.reasons),
        Text(f"{until}{wait.silence}"),
        Text(f"Yes: {wait.yes}\nNo:  {wait.no}", style="cyan"),
    )


def draw_fleet(fleet: FleetCount, full: int) -> Text:
    """Both fleets as rows of squares: `old ■■■□ 3   new ■□□□ 1`."""
    text = Text()
    for name, count, style in (("old", fleet.old, "cyan"), ("new", fleet.new, "green")):
        text.append(f"{name} ", style="dim")
        if full <= _LONGEST_FLEET_BAR:
            text.append("■" * count, style=style)
            text.append("□" * (full - count), style="dim")
            text.append(" ")
        text.append(f"{count} of {full}")
        text.append("    ")
    text.rstrip()
    return text


def draw_alarms(alarms: tuple[AlarmReading, ...]) -> RenderableType:
    """Each alarm's state in colour and in letters, one line for each watched fleet."""
    if not alarms:
        return Text("none yet", style="dim")
    groups: dict[str, Text] = {}
    for alarm in alarms:
        fleet, name = shorten_alarm(alarm.name)
        line = groups.setdefault(fleet, Text())
        line.append(f"   {name} " if line else f"{name} ")
        line.append(ALARM_WORDS[alarm.state], style=_ALARM_STYLES[alarm.state])
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", min_width=11)
    table.add_column(overflow="fold")
    for fleet in sorted(groups, reverse=True):
        table.add_row(fleet, groups[fleet])
    return table


def draw_outcome(update: Update) -> RenderableType:
    """How an update ended, why, and what to do about it."""
    if update.outcome is None:
        return Text(f"{update.update_id} has no outcome yet.")
    head = Text()
    head.append(update.outcome.value, style=OUTCOME_STYLES[update.outcome])
    head.append(f"  {_told_once(update)}")
    return Group(head, *draw_reasons(update.reasons), *_draw_next(update))


def _draw_next(update: Update) -> tuple[Text, ...]:
    """How to start a refused release again: its files are in S3 already."""
    if update.outcome is not Outcome.REJECTED:
        return ()
    return tuple(Text(str(step), style="cyan") for step in advise(update) if step.command)


def _told_once(update: Update) -> str:
    if not update.reasons:
        return update.summary
    # The summary ends with the first reason; this screen lists every reason, so the quote is dropped.
    told, quoted, _ = update.summary.partition(f": {update.reasons[0].subject}: ")
    return f"{told}." if quoted else told


def _headline(update: Update) -> str:
    return f"{update.endpoint} → {say_version(update)}" if update.version else update.endpoint


def _draw_time(scene: Scene) -> RenderableType:
    if scene.update.plan is None or scene.update.progress.course is None:
        return Text(scene.progress)
    expected = scene.update.plan.times.expected_seconds
    is_late = scene.update.progress.moving_seconds is None and scene.elapsed_seconds > expected
    is_moved = scene.update.progress.moving_seconds is not None
    bar = ProgressBar(
        total=expected,
        completed=expected if is_moved else min(scene.elapsed_seconds, expected),
        width=16,
        complete_style="yellow" if is_late else "cyan",
        finished_style="yellow" if is_late else "cyan",
    )
    said = Text(scene.progress, style="yellow" if is_late and not scene.update.outcome else "")
    row = Table.grid(padding=(0, 2))
    row.add_row(bar, said)
    return row


def _draw_timeline(timeline: tuple[Moment, ...], update: Update) -> RenderableType:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(style="dim", no_wrap=True, min_width=8)
    table.add_column(no_wrap=True, min_width=15)
    table.add_column(ratio=1, overflow="fold")
    shown = squeeze(timeline)[-_TIMELINE_ROWS:]
    for moment in shown:
        table.add_row(
            say_offset(moment.at, update.started_at), moment.state, Text(say_moment(moment))
        )
    for _ in range(_TIMELINE_ROWS - len(shown)):
        table.add_row("", "", "")
    return table
