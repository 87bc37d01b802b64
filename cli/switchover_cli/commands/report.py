"""`switchover report`: how an update went, as one HTML page that needs no network."""

from pathlib import Path
from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Local, Stack
from switchover_cli.output import open_console


def report(
    update: Annotated[
        str,
        typer.Argument(
            metavar="UPDATE|ENDPOINT",
            help="An update's id; or an endpoint, for its running or last update.",
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Default: UPDATE.html, in this folder."),
    ] = None,
    opens: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    price: Annotated[
        float | None,
        typer.Option(min=0, metavar="USD_PER_HOUR", help="Price of one instance per hour, in USD."),
    ] = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
) -> None:
    """Write how an update went as an HTML page, to read and to attach to a change."""
    from switchover_cli.reports.files import write_file
    from switchover_cli.reports.making import make_page

    found, page = make_page(connect(stack, local=local), update, price)
    path = out or Path(f"{found.update_id}.html")
    write_file(path, page)
    open_console(soft_wrap=True).print(f"Wrote {path}.")
    if opens:
        typer.launch(path.resolve().as_uri())
