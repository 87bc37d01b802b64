"""`switchover rehearse`: one update of one's own endpoint, played on a local cloud of its own."""

from pathlib import Path
from typing import Annotated

import typer

from switchover_cli.cloud import find_project, require_locks
from switchover_cli.commands.local import REHEARSAL_SPEED, Speed
from switchover_cli.options import Json


def rehearse(
    policy: Annotated[
        Path, typer.Argument(metavar="POLICY.yaml", help="Named after the endpoint it is for.")
    ],
    *,
    scenario: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What goes wrong; see docs/scenarios/.")
    ] = None,
    instances: Annotated[int, typer.Option(min=1, max=200, help="The fleet that serves.")] = 4,
    instance_type: Annotated[str, typer.Option(metavar="TYPE")] = "ml.g6e.2xlarge",
    model_bytes: Annotated[
        str, typer.Option("--bytes", metavar="SIZE", help="How large the model is taken to be.")
    ] = "16.6GB",
    speed: Speed = REHEARSAL_SPEED,
    json: Json = False,
) -> None:
    """Play one update under a policy, and tell how it ends and what it would cost.

    v1 serves on the fleet, under traffic; v2 arrives. The local cloud for it comes and goes.

    Nothing reaches AWS. The exit code is the outcome's.
    """
    require_locks()
    from switchover_cli.rehearsal.plan import prepare, read_size
    from switchover_cli.rehearsal.play import play_rehearsal
    from switchover_cli.rehearsal.scenario_file import read_scenario
    from switchover_local.twin.scenario import Scenario

    plan = prepare(
        policy,
        scenario=Scenario() if scenario is None else read_scenario(scenario),
        instances=instances,
        instance_type=instance_type,
        model_bytes=read_size(model_bytes),
    )
    raise typer.Exit(play_rehearsal(plan, find_project(), speed=speed, is_json=json))
