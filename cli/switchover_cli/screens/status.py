"""How an endpoint's status looks in a terminal: one named fact a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from switchover.domain.fleet import Absent
from switchover.domain.units import say_count
from switchover.explain.waits import find_wait
from switchover_cli.drift import draw_drift
from switchover_cli.screens.marks import say_mark
from switchover_cli.screens.update import OUTCOME_STYLES, draw_alarms, draw_fleet, draw_wait
from switchover_cli.words import say_asked, say_minute, say_status, say_strategy, say_version

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.marks import Pin
    from switchover.domain.queueing import Waiting
    from switchover.domain.update.update import Update
    from switchover_cli.scene import Scene
    from switchover_cli.standing import Status


def draw_status(status: Status) -> RenderableType:
    """The printed form for people."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", min_width=7)
    facts.add_column(ratio=1, overflow="fold")
    facts.add_row("serves", _draw_serving(status))
    _add_drift(facts, status)
    if status.running is not None:
        _add_running(facts, status.running)
    for waiting in status.waiting:
        facts.add_row("queued", _draw_queued(waiting))
    facts.add_row("last", _draw_last(status.last))
    if status.last_change is not None and status.last_change != status.last:
        facts.add_row("before", _draw_last(status.last_change))
    if status.pin is not None:
        facts.add_row("pinned", _draw_pin(status.endpoint.name, status.pin))
    for mark in status.marks:
        facts.add_row("marked", say_mark(mark))
    if status.alarms:
        facts.add_row("alarms", draw_alarms(status.alarms))
    return Group(Text(status.endpoint.name, style="bold"), facts)


def _add_drift(facts: Table, status: Status) -> None:
    """A serving config that no update created; before the first update, how to record it."""
    if status.drift is not None:
        facts.add_row("drift", draw_drift(status.drift))
    elif status.serving.config_name and not status.serving.version and status.last is None:
        adopt = f"Record it as a version: switchover adopt {status.endpoint.name}"
        facts.add_row("", Text(adopt, style="dim") if status.running is None else Text())


def _draw_serving(status: Status) -> Text:
    reading, serving = status.endpoint, status.serving
    if isinstance(reading, Absent):
        return Text("nothing: the endpoint doesn't exist", style="bold red")
    fleets = [(serving.version, serving.config_name, serving.instances)]
    if serving.pending_config_name:
        coming = (
            serving.pending_version,
            serving.pending_config_name,
            serving.pending_instances,
        )
        fleets.append(coming)
    shown = [fleet for fleet in fleets if fleet[2]]
    text = Text()
    for version, config, instances in shown:
        text.append(f"{version or 'a config that no update created'}", style="bold")
        text.append(f"  {config}, {say_count(instances, 'instance')}\n")
    if not shown:
        text.append("nothing: no instance runs\n", style="bold red")
    return text.append(f"the endpoint is {say_status(reading.status)}")


def _add_running(facts: Table, scene: Scene) -> None:
    update = scene.update
    facts.add_row("running", Text(f"{say_version(update)}  {update.update_id}"))
    facts.add_row("asked", Text(say_asked(update)))
    if update.plan is not None:
        facts.add_row("plan", Text(f"{update.plan.digest[:12]}, {say_strategy(update.plan)}"))
    facts.add_row("phase", Text(scene.phase, style="bold"))
    if update.abort is not None:
        facts.add_row("stop", Text(update.abort.told, style="yellow"))
    wait = find_wait(update)
    if wait is not None:
        facts.add_row("waits", draw_wait(wait))
    facts.add_row("fleet", draw_fleet(scene.fleet, scene.full_fleet))
    facts.add_row("time", Text(scene.progress))


def _draw_queued(waiting: Waiting) -> Text:
    text = Text(waiting.version or "(rollback)", style="bold")
    return text.append(
        f"  not before {say_minute(waiting.not_before)} UTC: {waiting.why}\n{waiting.update_id}",
        style="not bold",
    )


def _draw_last(last: Update | None) -> Text:
    if last is None or last.outcome is None:
        return Text("no update has ended yet", style="dim")
    text = Text(last.outcome.value, style=OUTCOME_STYLES[last.outcome])
    ended = f" at {say_minute(last.ended_at)} UTC" if last.ended_at else ""
    text.append(f"  {say_version(last)}{ended}: {last.summary}", style="default not bold")
    return text.append(f"\nasked for {say_asked(last)}", style="dim not bold")


def _draw_pin(endpoint: str, pin: Pin) -> Text:
    text = Text(pin.shown, style="bold")
    since = f" since {say_minute(pin.at)} UTC" if pin.at else ""
    return text.append(
        f"  is the only version that may start{since}: {pin.reason}\n"
        f"Remove the pin: switchover unpin {endpoint}",
        style="not bold",
    )
