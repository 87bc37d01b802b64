"""What serves an endpoint now, what runs on it, and how the last update ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from switchover.domain.alarms import standing_alarms
from switchover.domain.amounts import say_count
from switchover.domain.errors import UpdateUnknown
from switchover.domain.fleet import Absent, AlarmState, EndpointReading
from switchover.domain.policies.policy import Policy
from switchover_cli.console import open_console
from switchover_cli.deployment import find_deployment, open_session
from switchover_cli.following import print_json
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.records import StatusRecord, record_update
from switchover_cli.scene import Scene, read_scene
from switchover_cli.screen import OUTCOME_STYLES, draw_alarms, draw_fleet
from switchover_cli.words import (
    say_duration,
    say_minute,
    say_roughly,
    say_status,
    say_strategy,
    say_version,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.fleet import AlarmReading
    from switchover.domain.update import Update
    from switchover_cli.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Status:
    """One endpoint at one moment. `version` is None for a config that no update brought."""

    endpoint: EndpointReading | Absent
    version: str | None
    running: Scene | None
    last: Update | None
    alarms: tuple[AlarmReading, ...]


def status(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """Show what serves now, what runs, and how the last update ended."""
    deployment = find_deployment(stack, open_session(local=local))
    found = read_status(deployment, endpoint)
    if json:
        print_json(record_status(found))
    else:
        open_console().print(draw_status(found))


def read_status(deployment: Deployment, endpoint: str) -> Status:
    """Read everything that `status` shows."""
    reading = deployment.sagemaker.read(endpoint)
    history = deployment.ledger.history(endpoint)
    return Status(
        endpoint=reading,
        version=_serving_version(deployment, reading),
        running=_running(deployment, endpoint),
        last=next((update for update in history if update.outcome is not None), None),
        alarms=_standing(deployment, reading),
    )


def record_status(status: Status) -> StatusRecord:
    """The printed form for machines."""
    reading, running = status.endpoint, status.running
    exists = isinstance(reading, EndpointReading)
    return StatusRecord(
        endpoint=reading.name,
        exists=exists,
        status=reading.status.value if isinstance(reading, EndpointReading) else None,
        config=reading.config_name if isinstance(reading, EndpointReading) else None,
        version=status.version,
        instances=reading.instances if isinstance(reading, EndpointReading) else 0,
        phase=running.phase if running else None,
        elapsed_seconds=round(running.elapsed_seconds) if running else None,
        running=record_update(running.update, running.timeline) if running else None,
        last=record_update(status.last, ()) if status.last else None,
        alarms=status.alarms,
        read_at=reading.read_at,
    )


def draw_status(status: Status) -> RenderableType:
    """The printed form for people."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", min_width=7)
    facts.add_column(ratio=1)
    facts.add_row("serves", _draw_serving(status))
    if status.running is not None:
        _add_running(facts, status.running)
    facts.add_row("last", _draw_last(status.last))
    if status.alarms:
        facts.add_row("alarms", draw_alarms(status.alarms))
    return Group(Text(status.endpoint.name, style="bold"), facts)


def _draw_serving(status: Status) -> Text:
    reading = status.endpoint
    if isinstance(reading, Absent):
        return Text("nothing: there is no endpoint of that name", style="bold red")
    text = Text(status.version or "a config that no update brought", style="bold")
    text.append(
        f"  {reading.config_name}, {say_count(reading.instances, 'instance')},"
        f" {say_status(reading.status)}",
        style="not bold",
    )
    return text


def _add_running(facts: Table, scene: Scene) -> None:
    update = scene.update
    facts.add_row("running", Text(f"{say_version(update)}  {update.update_id}"))
    if update.plan is not None:
        facts.add_row("plan", Text(f"{update.plan.digest[:12]}, {say_strategy(update.plan)}"))
    facts.add_row("phase", Text(scene.phase, style="bold"))
    facts.add_row("fleet", draw_fleet(scene.fleet, max(scene.fleet.old, scene.fleet.new)))
    expected = f" of about {say_roughly(update.plan.expected_seconds)}" if update.plan else ""
    facts.add_row("time", Text(f"{say_duration(scene.elapsed_seconds)}{expected}"))


def _draw_last(last: Update | None) -> Text:
    if last is None or last.outcome is None:
        return Text("no update has ended yet", style="dim")
    text = Text(last.outcome.value, style=OUTCOME_STYLES[last.outcome])
    ended = f" at {say_minute(last.ended_at)} UTC" if last.ended_at else ""
    text.append(f"  {say_version(last)}{ended}: {last.summary}", style="default not bold")
    return text


def _serving_version(deployment: Deployment, reading: EndpointReading | Absent) -> str | None:
    if isinstance(reading, Absent):
        return None
    return next(
        (
            served.version
            for served in deployment.ledger.served(reading.name)
            if served.config_name == reading.config_name
        ),
        None,
    )


def _running(deployment: Deployment, endpoint: str) -> Scene | None:
    claim = deployment.ledger.claim(endpoint)
    if claim is None:
        return None
    try:
        scene = read_scene(deployment, claim.update_id)
    except UpdateUnknown:
        return None
    return scene if scene.update.outcome is None else None


def _standing(
    deployment: Deployment, reading: EndpointReading | Absent
) -> tuple[AlarmReading, ...]:
    if isinstance(reading, Absent) or not reading.variants:
        return ()
    specs = standing_alarms(Policy().alarms, reading.name, reading.variants[0].name)
    found = deployment.cloudwatch.read([spec.name for spec in specs])
    # They are made by an endpoint's first update; before it there are none to miss.
    return tuple(alarm for alarm in found if alarm.state is not AlarmState.MISSING)
