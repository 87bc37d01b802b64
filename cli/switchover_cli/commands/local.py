"""`switchover local`: the whole stack on this machine, for rehearsals."""

import shlex
import time
from json import dumps as dump_json
from pathlib import Path
from typing import Annotated

import typer

from switchover_cli.cloud import (
    attach_cloud,
    deploy_stack,
    find_project,
    require_locks,
    start_cloud,
    stop_cloud,
)
from switchover_cli.options import Json
from switchover_cli.output import open_console, print_document, print_json, telling

DEFAULT_SPEED = 60.0
DEMO_SPEED = 120.0
REHEARSAL_SPEED = 3600.0  # as fast as this machine plays it: each playing shows the same
# Variables that could send an AWS client elsewhere, despite the variables that `env` prints.
_UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")

Speed = Annotated[float, typer.Option(min=1, max=3600, help="Virtual seconds per real second.")]


def up(
    *,
    speed: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=3600,
            help="Maximum virtual seconds per real second; default 60."
            " Also changes the speed of a running cloud.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Start the local cloud and deploy the stack on it; safe to repeat."""
    require_locks()
    from switchover_cli.rehearsal.records import record_cloud
    from switchover_cli.screens.local import draw_cloud
    from switchover_local.deploy import STACK_NAME

    project = find_project()
    console = open_console(stderr=json)
    began = time.monotonic()
    with telling(console) as tell:
        tell("Starting the local cloud…")
        cloud = start_cloud(project, DEFAULT_SPEED if speed is None else speed)
        if speed is not None:
            cloud.set_speed(speed)
        tell("Building and deploying the stack (a minute at first, then half of that)…")
        outputs = deploy_stack(cloud, project)
    if json:
        print_json(record_cloud(cloud, STACK_NAME, outputs))
    else:
        took = time.monotonic() - began
        console.print(draw_cloud(STACK_NAME, cloud.state().speed, took))


def down(*, json: Json = False) -> None:
    """Stop the local cloud and all of its processes."""
    with telling(open_console(stderr=True)) as tell:
        was_running = stop_cloud(find_project(), tell)
    if json:
        typer.echo('{"was_running": true}' if was_running else '{"was_running": false}')
    else:
        typer.echo("The local cloud is stopped." if was_running else "No local cloud was running.")


def env(*, json: Json = False) -> None:
    """Print the environment variables that point AWS clients to the local cloud."""
    cloud = attach_cloud(find_project())
    variables = cloud.environment()
    if json:
        print_document(dump_json(variables, indent=2))
        return
    typer.echo(f"unset {' '.join(_UNSET)}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def scenario(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="YAML or JSON; see docs/twin.md.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Only check the file.")] = False,
    json: Json = False,
) -> None:
    """Load a scenario into the running local cloud: models, capacity, faults, switches."""
    from switchover_cli.rehearsal.records import ScenarioRecord
    from switchover_cli.rehearsal.scenario_file import read_scenario
    from switchover_cli.screens.local import say_scenario

    read = read_scenario(file)
    if not check:
        attach_cloud(find_project()).load_scenario(read)
    if json:
        print_json(ScenarioRecord(file=str(file), loaded=not check, scenario=read))
        return
    open_console(soft_wrap=True).print(
        f"{file} {'is valid' if check else 'is loaded'}: {say_scenario(read)}."
    )


def demo(
    *,
    speed: Speed = DEMO_SPEED,
    keep: Annotated[
        bool,
        typer.Option("--keep/--stop", help="Keep the local cloud running afterwards, or stop it."),
    ] = True,
    json: Json = False,
) -> None:
    """Run five updates on a new local cloud: good, slow, broken, rolling, and a rollback.

    A local cloud that runs already is replaced.
    """
    require_locks()
    from switchover_cli.demo.acts import play_demo

    raise typer.Exit(play_demo(find_project(), speed=speed, is_kept=keep, is_json=json))
