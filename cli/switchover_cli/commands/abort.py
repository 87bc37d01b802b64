"""`switchover abort`: stop a running update in the safest way that its state allows."""

from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json


def abort(
    endpoint: Endpoint,
    *,
    reason: Annotated[
        str, typer.Option("--reason", help="The reason, which is recorded; required.")
    ],
    watch: Annotated[bool, typer.Option(help="Follow the update to its outcome.")] = True,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Abort an endpoint's running update; the previous config serves again."""
    from switchover_cli.screens.aborting import draw_abort
    from switchover_cli.steering.aborting import AbortRecord, stop_running
    from switchover_cli.watching.ending import follow_to_exit

    if not reason.strip():
        raise Misused("Why?", "Give the reason with --reason: it is recorded and announced.")
    deployment = connect(stack, local=local)
    update = stop_running(deployment, endpoint, reason.strip())
    if not json:
        open_console(soft_wrap=True).print(draw_abort(update))
    if watch:
        follow_to_exit(deployment, update.update_id, is_json=json, is_called_off=True)
    elif json:
        print_json(
            AbortRecord(
                update_id=update.update_id, was_started=update.progress.is_started, reason=reason
            )
        )
