"""`switchover status`: the serving version, running and waiting updates, the last outcome."""

from typing import TYPE_CHECKING, Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.options import DEFAULT_STACK, Json, Local, SomeEndpoint, Stack
from switchover_cli.output import open_console, print_json, print_list

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_cli.deployment import Deployment


def status(
    endpoint: SomeEndpoint = None,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Read again and again, until Ctrl-C.")
    ] = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Show what serves, the running update and the last outcome; without ENDPOINT, of all endpoints."""
    if watch and json:
        raise Misused("--watch draws a screen, and --json prints one document.", "Leave one out.")
    deployment = connect(stack, local=local)
    if json:
        _print_records(deployment, endpoint)
    elif watch:
        from switchover_cli.board.watching import redraw

        redraw(lambda: _draw(deployment, endpoint), is_local=deployment.is_local)
    else:
        open_console().print(_draw(deployment, endpoint))


def _draw(deployment: "Deployment", endpoint: str | None) -> "RenderableType":
    if endpoint is None:
        from switchover_cli.board.reading import read_board
        from switchover_cli.screens.board import draw_board

        return draw_board(read_board(deployment))
    from switchover_cli.screens.status import draw_status
    from switchover_cli.standing import read_status

    return draw_status(read_status(deployment, endpoint))


def _print_records(deployment: "Deployment", endpoint: str | None) -> None:
    if endpoint is None:
        from switchover_cli.board.reading import read_board, record_board

        print_list(record_board(read_board(deployment)))
        return
    from switchover_cli.standing import read_status, record_status

    print_json(record_status(read_status(deployment, endpoint)))
