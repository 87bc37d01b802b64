"""`switchover rehearse`: play one update of your endpoint on a separate local cloud."""

from pathlib import Path
from typing import Annotated

import typer

from switchover_cli.cloud import find_project, require_locks
from switchover_cli.commands.local import REHEARSAL_SPEED, Speed
from switchover_cli.options import Json


def rehearse(
    policy: Annotated[
        Path,
        typer.Argument(
            metavar="POLICY.yaml", help="The policy file; its name is the endpoint's name."
        ),
    ],
    *,
    scenario: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The scenario file: what goes wrong; examples in docs/scenarios/."
        ),
    ] = None,
    instances: Annotated[
        int, typer.Option(min=1, max=200, help="The number of serving instances.")
    ] = 4,
    instance_type: Annotated[str, typer.Option(metavar="TYPE")] = "ml.g6e.2xlarge",
    model_bytes: Annotated[
        str, typer.Option("--bytes", metavar="SIZE", help="The assumed size of the model.")
    ] = "16.6GB",
    speed: Speed = REHEARSAL_SPEED,
    json: Json = False,
) -> None:
    """Run one update with a policy on a local cloud; show its outcome and its cost on AWS.

    v1 serves traffic on the fleet, then v2 arrives. The rehearsal starts its own local cloud and stops it
    at the end.

    Nothing reaches AWS. The exit code is the one of the outcome.
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
