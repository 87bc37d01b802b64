"""`switchover adopt`: the serving config becomes a version, so that a rollback can return to it."""

from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, Why
from switchover_cli.output import open_console, print_json


def adopt(
    endpoint: Endpoint,
    *,
    version: Annotated[
        str | None,
        typer.Option(help="The version's name; default: the folder of the config's model data."),
    ] = None,
    reason: Why = "",
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Record the serving config as a version, so that a rollback can return to it."""
    from switchover_cli.releases.adopting import adopt_serving
    from switchover_cli.screens.adopting import draw_adopted

    adopted = adopt_serving(connect(stack, local=local), endpoint, version, reason)
    if json:
        print_json(adopted.record)
    else:
        open_console(soft_wrap=True).print(draw_adopted(adopted))
