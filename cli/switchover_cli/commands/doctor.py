"""`switchover doctor`: claims, queues, pins and leftovers; it changes nothing."""

from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.exits import ExitCode
from switchover_cli.options import DEFAULT_STACK, Json, Local, Stack
from switchover_cli.output import print_json


def doctor(
    *,
    within: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Time limit for the search.")
    ] = 60,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Show claims, queues and pins, and every leftover with the command that removes it.

    It only reads, so you can run it at any time. Exit codes: 0 if it found nothing, 5 if it found
    something, 1 if it found nothing but couldn't read everything.
    """
    from switchover_cli.doctor.record import examine
    from switchover_cli.progress import counting
    from switchover_cli.screens.findings import print_examination

    deployment = connect(stack, local=local)
    with counting(is_silent=json) as on_count:
        record = examine(deployment, within, on_count)
    if json:
        print_json(record)
    else:
        print_examination(record)
    if record.findings:
        raise typer.Exit(ExitCode.NEEDS_OPERATOR)
    if record.unseen:
        raise typer.Exit(ExitCode.UNEXPECTED)
