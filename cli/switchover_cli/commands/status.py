"""`switchover status`: the serving version, running and waiting updates, the last outcome."""

from datetime import UTC, datetime
from pathlib import Path
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
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write the board as a page, without ENDPOINT."),
    ] = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Show what serves, the running update and the last outcome; without ENDPOINT, of all endpoints."""
    if watch and json:
        raise Misused("--watch draws a screen, and --json prints one document.", "Leave one out.")
    if html is not None and endpoint is not None:
        raise Misused(
            "--html writes the board of all endpoints.",
            f"Leave out ENDPOINT; of one update: switchover report {endpoint}",
        )
    deployment = connect(stack, local=local)
    if endpoint is not None and not watch:
        _show_endpoint(deployment, endpoint, is_json=json)
    elif html is not None or not watch:
        _show_board(deployment, stack, html, is_json=json)
    if watch:
        from switchover_cli.board.watching import redraw

        redraw(lambda: _draw(deployment, endpoint), is_local=deployment.is_local)


def _draw(deployment: "Deployment", endpoint: str | None) -> "RenderableType":
    if endpoint is None:
        from switchover_cli.board.reading import read_board
        from switchover_cli.screens.board import draw_board

        return draw_board(read_board(deployment))
    from switchover_cli.screens.status import draw_status
    from switchover_cli.standing import read_status

    return draw_status(read_status(deployment, endpoint))


def _show_endpoint(deployment: "Deployment", endpoint: str, *, is_json: bool) -> None:
    if not is_json:
        open_console().print(_draw(deployment, endpoint))
        return
    from switchover_cli.standing import read_status, record_status

    print_json(record_status(read_status(deployment, endpoint)))


def _show_board(deployment: "Deployment", stack: str, html: Path | None, *, is_json: bool) -> None:
    """Read the board once, and write it as a page, print it as JSON, or draw it."""
    from switchover_cli.board.reading import read_board, record_board
    from switchover_cli.progress import counting

    with counting(is_silent=is_json) as on_count:
        rows = read_board(deployment, on_count)
    if html is not None:
        from switchover_cli.reports.files import write_file
        from switchover_cli.screens.board_html import draw_board_page

        write_file(html, draw_board_page(rows, stack, datetime.now(UTC)))
        open_console(stderr=True, soft_wrap=True).print(f"Wrote {html}.")
    if is_json:
        print_list(record_board(rows))
    elif html is None:
        from switchover_cli.screens.board import draw_board

        open_console().print(draw_board(rows))
