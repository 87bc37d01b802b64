"""`switchover status`: the serving version, running and waiting updates, the last outcome."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from switchover.domain.counts import count_nothing
from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.options import DEFAULT_STACK, Json, Local, SomeEndpoint, Stack
from switchover_cli.output import open_console, print_json, print_list

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.counts import OnCount
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
    if html is not None:
        _write_page(deployment, html, stack, is_silent=json)
    if json:
        _print_records(deployment, endpoint)
    elif watch:
        from switchover_cli.board.watching import redraw

        redraw(lambda: _draw(deployment, endpoint), is_local=deployment.is_local)
    elif html is None:
        from switchover_cli.progress import counting

        with counting() as on_count:
            drawn = _draw(deployment, endpoint, on_count)
        open_console().print(drawn)


def _draw(
    deployment: "Deployment", endpoint: str | None, on_count: "OnCount" = count_nothing
) -> "RenderableType":
    if endpoint is None:
        from switchover_cli.board.reading import read_board
        from switchover_cli.screens.board import draw_board

        return draw_board(read_board(deployment, on_count))
    from switchover_cli.screens.status import draw_status
    from switchover_cli.standing import read_status

    return draw_status(read_status(deployment, endpoint))


def _write_page(deployment: "Deployment", path: Path, stack: str, *, is_silent: bool) -> None:
    from switchover_cli.board.reading import read_board
    from switchover_cli.progress import counting
    from switchover_cli.reports.files import write_file
    from switchover_cli.screens.board_html import draw_board_page

    with counting(is_silent=is_silent) as on_count:
        rows = read_board(deployment, on_count)
    write_file(path, draw_board_page(rows, stack, datetime.now(UTC)))
    open_console(stderr=True, soft_wrap=True).print(f"Wrote {path}.")


def _print_records(deployment: "Deployment", endpoint: str | None) -> None:
    if endpoint is None:
        from switchover_cli.board.reading import read_board, record_board

        print_list(record_board(read_board(deployment)))
        return
    from switchover_cli.standing import read_status, record_status

    print_json(record_status(read_status(deployment, endpoint)))
