"""`switchover release`: versions that must not be started again by themselves."""

from datetime import UTC, datetime

import typer

from switchover.domain.marks import Mark
from switchover_cli.console import open_console
from switchover_cli.deployment import find_deployment, open_session
from switchover_cli.options import DEFAULT_STACK, Endpoint, Local, MustSayWhy, Stack, Version

app = typer.Typer(help="Mark versions bad, or take the mark off.", no_args_is_help=True)


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
    deployment = find_deployment(stack, open_session(local=local))
    deployment.wishes.add_mark(
        Mark(endpoint=endpoint, version=version, reason=reason, at=datetime.now(UTC))
    )
    open_console(soft_wrap=True).print(f"{version} is marked bad for {endpoint}.")


@app.command()
def unmark(
    endpoint: Endpoint, version: Version, *, stack: Stack = DEFAULT_STACK, local: Local = False
) -> None:
    """Let uploads start a version again."""
    find_deployment(stack, open_session(local=local)).wishes.remove_mark(endpoint, version)
    open_console(soft_wrap=True).print(f"{version} is not marked for {endpoint}.")
