"""`switchover watch`: an endpoint's update followed to its outcome."""

from typing import Annotated

import typer

from switchover_cli.deployment import find_deployment, open_session
from switchover_cli.errors import Misused
from switchover_cli.following import follow_to_exit
from switchover_cli.options import DEFAULT_STACK, Json, Local, Stack
from switchover_cli.watching import find_update


def watch(
    endpoint: Annotated[str | None, typer.Argument(metavar="ENDPOINT")] = None,
    *,
    update: Annotated[str | None, typer.Option(metavar="ID", help="One update, by its id.")] = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Follow an endpoint's running update, or show how its last one ended."""
    deployment = find_deployment(stack, open_session(local=local))
    if update is not None:
        deployment.ledger.look_up(update)
    elif endpoint is not None:
        update = find_update(deployment, endpoint)
    else:
        raise Misused("Watch what?", "Give an endpoint, or --update ID.")
    follow_to_exit(deployment, update, is_json=json)
