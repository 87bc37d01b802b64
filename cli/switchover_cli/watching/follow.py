"""Follows an update to its outcome: with a live panel, plain lines, or no output."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from switchover.domain.errors import UpdateUnknown
from switchover.explain.waits import find_wait
from switchover_cli.drift import draw_drift
from switchover_cli.errors import CommandFailed, Interrupted, Misused
from switchover_cli.scene import Scene, read_scene
from switchover_cli.screens.update import draw_scene, draw_wait
from switchover_cli.words import say_moment, say_offset, squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from switchover.domain.adoption import Drift
    from switchover_cli.copied import Copied
    from switchover_cli.deployment import Deployment

# DescribeEndpoint every 5 s was throttled on AWS, and its own SDK moved to 30 s (rules §6).
_POLL_SECONDS = 30.0
_LOCAL_POLL_SECONDS = 0.5
# After the end of an execution, clean_up may take this long to record the outcome.
_PATIENCE_SECONDS = 120.0
_LOCAL_PATIENCE_SECONDS = 30.0
_DRAWINGS_PER_SECOND = 4


def find_last_update(deployment: Deployment, endpoint: str) -> str:
    """The newest update of an endpoint.

    Raises:
    Misused: no update of the endpoint is known.
    """
    latest = deployment.ledger.listed(endpoint, limit=1)
    if not latest:
        raise Misused(
            f"No update of {endpoint} is known here.",
            "Check the name and --stack. List the known endpoints: switchover history. The first"
            f" update: switchover upload DIR --endpoint {endpoint} --version VERSION",
        )
    return latest[0].update_id


def look_until_over(
    deployment: Deployment, update_id: str, pause: Callable[[float], object] = time.sleep
) -> Iterator[Scene]:
    """Read an update from time to time; the last reading has its outcome.

    Raises:
    CommandFailed: the execution ended, but no outcome was recorded.
    """
    poll = _LOCAL_POLL_SECONDS if deployment.is_local else _POLL_SECONDS
    patience = _LOCAL_PATIENCE_SECONDS if deployment.is_local else _PATIENCE_SECONDS
    dead_seconds = 0.0
    endpoint = "ENDPOINT"
    first: Copied | None = None
    while dead_seconds <= patience:
        try:
            scene = read_scene(deployment, update_id)
        except UpdateUnknown:
            # The update has started, and will be in the ledger soon.
            is_known = False
        else:
            is_known = True
            endpoint = scene.update.endpoint
            first = first or scene.copied
            yield replace(scene, first_copied=first)
            if scene.update.outcome is not None:
                return
        is_running = deployment.workflow.is_running(deployment.execution_arn(update_id))
        dead_seconds = 0.0 if is_running else dead_seconds + poll
        pause(poll if is_known else min(poll, 1.0))
    raise CommandFailed(
        f"The execution of {update_id} ended, but no outcome was recorded.",
        f"Look at it in the Step Functions console, and at the endpoint: switchover status {endpoint}",
    )


def follow(
    deployment: Deployment, update_id: str, console: Console, *, is_quiet: bool = False
) -> Scene:
    """Show an update until it has an outcome, and return the last reading; quiet shows nothing.

    Raises:
    Interrupted: by Ctrl-C; the update continues.
    """
    looks = look_until_over(deployment, update_id)
    try:
        if is_quiet:
            return deque(looks, maxlen=1).pop()
        return show(looks, console, is_ticking=not deployment.is_local)
    except KeyboardInterrupt as error:
        raise Interrupted(
            "Stopped watching; the update continues.",
            f"See it again: switchover watch --update {update_id}",
        ) from error


def show(
    looks: Iterator[Scene],
    console: Console,
    *,
    is_ticking: bool = False,
    leaves_panel: bool = True,
) -> Scene:
    """Show each reading: as a live panel on a terminal, as plain lines elsewhere.

    `is_ticking` lets the shown clock run between two readings; virtual time can't be predicted.
    """
    if not console.is_terminal:
        return _show_lines(looks, console)
    current: Scene | None = None
    looked_at = 0.0

    def draw() -> object:
        if current is None:
            return Text("Waiting for the update to begin…", style="dim")
        return draw_scene(current.later(time.monotonic() - looked_at if is_ticking else 0))

    with Live(
        get_renderable=draw,  # type: ignore[arg-type]  # rich says RenderableType, and means object
        console=console,
        refresh_per_second=_DRAWINGS_PER_SECOND,
        transient=not leaves_panel,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as live:
        for current in looks:  # noqa: B007  (read by draw)
            looked_at = time.monotonic()
            live.refresh()
    return _ended(current)


def _show_lines(looks: Iterator[Scene], console: Console) -> Scene:
    current: Scene | None = None
    shown_moments, shown_times = 0, 1
    shown_milestone = ""
    shown_drift: Drift | None = None
    for current in looks:
        start = current.update.started_at
        told = squeeze(current.timeline)
        is_over = current.update.outcome is not None
        # The number of repeats of the last moment is known only after another moment.
        repeated = tuple(
            each
            for each in told[shown_moments - 1 : shown_moments]
            if shown_moments and each.times > shown_times and (is_over or told[shown_moments:])
        )
        for moment in (*repeated, *told[shown_moments:]):
            line = f"{say_offset(moment.at, start)}  {moment.state:<15}  {say_moment(moment)}"
            console.print(Text(line), soft_wrap=True)
        if repeated or told[shown_moments:]:
            shown_times = told[-1].times
        shown_moments = len(told)
        if current.drift is not None and current.drift != shown_drift:
            console.print(draw_drift(current.drift), soft_wrap=True)
        shown_drift = current.drift
        phase = f"{current.phase}  (old {current.fleet.old}, new {current.fleet.new})"
        wait = find_wait(current.update)
        milestone = f"{current.milestone}  {current.fleet}"
        if milestone != shown_milestone and current.update.outcome is None:
            console.print(
                Text(f"{say_offset(current.now, start)}  {'':<15}  {phase}"), soft_wrap=True
            )
            shown_milestone = milestone
            if wait is not None:
                console.print(draw_wait(wait))
    return _ended(current)


def _ended(scene: Scene | None) -> Scene:
    if scene is None:
        raise AssertionError("reading ends with an outcome or raises")
    return scene
