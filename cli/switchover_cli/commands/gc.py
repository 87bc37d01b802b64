"""`switchover gc`: remove the configs and models of past updates that are no longer needed."""

from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json


def gc(
    endpoint: Endpoint,
    *,
    keep: Annotated[
        int, typer.Option(min=1, help="How many of the last configs that served to keep.")
    ] = 3,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="Remove the configs and models; without this option they are only listed."
        ),
    ] = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Remove old configs and models of Switchover, except those that are still needed."""
    from switchover_cli.garbage.collecting import (
        judge_leftovers,
        record_leftovers,
        remove_leftovers,
    )
    from switchover_cli.progress import counting
    from switchover_cli.screens.garbage import draw_leftovers, say_removable

    deployment = connect(stack, local=local)
    with counting(is_silent=json) as on_count:
        judged = judge_leftovers(
            deployment.leftovers, deployment.ledger, deployment.wishes, endpoint, keep, on_count
        )
    total = sum(each.is_removable for each in judged)
    console = open_console(quiet=json)
    removed: list[str] = []
    for each in remove_leftovers(deployment.leftovers, judged) if yes else ():
        removed.append(each)
        console.print(f"Removed {each} ({len(removed)} of {total}).", soft_wrap=True)
    if json:
        print_json(record_leftovers(endpoint, judged, removed))
    elif not removed:
        console.print(draw_leftovers(endpoint, judged))
        command = f"switchover gc {endpoint} --keep {keep} --yes"
        if judged:
            console.print(say_removable(judged, command), soft_wrap=True)
