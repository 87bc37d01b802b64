"""`switchover queue` and `cancel`: the updates that wait for an endpoint."""

from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, Why
from switchover_cli.output import open_console, print_json


def queue(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """List the updates that wait for an endpoint, in their order."""
    from switchover_cli.screens.queue import draw_queue
    from switchover_cli.steering.queueing import read_queue, record_queue

    found = read_queue(connect(stack, local=local), endpoint)
    if json:
        print_json(record_queue(found))
    else:
        open_console().print(draw_queue(found))


def cancel(
    endpoint: Endpoint,
    update: Annotated[
        str, typer.Argument(metavar="UPDATE", help="The update's id, as `queue` shows it.")
    ],
    *,
    reason: Why = "",
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Remove an update from the queue; it ends as Rejected."""
    from switchover_cli.steering.queueing import cancel_waiting

    cancelled = cancel_waiting(connect(stack, local=local), endpoint, update, reason)
    if json:
        print_json(cancelled)
    else:
        open_console(soft_wrap=True).print(
            f"{update} is being removed from the queue; it ends as Rejected."
        )
