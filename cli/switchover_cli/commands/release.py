"""`switchover release`: versions that must not be started again by themselves."""

import typer
from pydantic import TypeAdapter

from switchover.domain.marks import Mark
from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, MustSayWhy, Stack, Version
from switchover_cli.output import open_console, print_document
from switchover_cli.releases import wishes
from switchover_cli.screens.marks import say_mark

app = typer.Typer(help="Mark versions bad, list the marks, or take one off.", no_args_is_help=True)


@app.command(name="mark-bad")
def mark_bad(
    endpoint: Endpoint,
    version: Version,
    *,
    reason: MustSayWhy,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
) -> None:
    """Keep uploads from starting a version; it still starts if somebody names it."""
    wishes.mark_bad(connect(stack, local=local), endpoint, version, reason)
    open_console(soft_wrap=True).print(f"{version} is marked bad for {endpoint}.")


@app.command()
def marks(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """List the versions that are marked bad, and why."""
    deployment = connect(stack, local=local)
    found = deployment.wishes.marks(endpoint)
    if json:
        print_document(TypeAdapter(tuple[Mark, ...]).dump_json(found, indent=2).decode())
    elif found:
        for mark in found:
            open_console().print(say_mark(mark))
    else:
        open_console().print(f"No version of {endpoint} is marked bad.")


@app.command()
def unmark(
    endpoint: Endpoint, version: Version, *, stack: Stack = DEFAULT_STACK, local: Local = False
) -> None:
    """Let uploads start a version again."""
    connect(stack, local=local).wishes.remove_mark(endpoint, version)
    open_console(soft_wrap=True).print(f"{version} is not marked for {endpoint}.")
