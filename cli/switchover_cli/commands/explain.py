"""`switchover explain`: why an update ended as it did, on one screen."""

from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Json, Local, Stack
from switchover_cli.output import open_console, print_json


def explain(
    update: Annotated[
        str,
        typer.Argument(
            metavar="UPDATE|ENDPOINT",
            help="An update's id; or an endpoint, for its running or last update.",
        ),
    ],
    *,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Show why an update ended as it did: alarms, SageMaker's reason, log, and what to do."""
    from switchover_cli.explained import read_explanation, record_explanation
    from switchover_cli.screens.explanation import draw_explanation

    found = read_explanation(connect(stack, local=local), update)
    if json:
        print_json(record_explanation(found))
        return
    open_console().print(
        draw_explanation(
            found.update, found.timeline, found.serves_now, found.next_steps, found.drift
        )
    )
