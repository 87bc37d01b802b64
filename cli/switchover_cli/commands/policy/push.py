"""`switchover policy push`: upload an endpoint's policy, after showing the changes."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.errors import CommandFailed, Misused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json


def push(
    endpoint: Endpoint,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")],
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Also check that the policy works for the live fleet.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Upload a policy file for an endpoint, after showing the changes."""
    from switchover_cli.policies.pushing import carry_out, prepare_push, read_policy_file
    from switchover_cli.progress import counting
    from switchover_cli.screens.push import draw_push, draw_pushed

    policy = read_policy_file(file)
    deployment = connect(stack, local=local)
    with counting(is_silent=json) as on_count:
        prepared = prepare_push(deployment, endpoint, policy, is_live=live, on_count=on_count)
    console = open_console(soft_wrap=True)
    if prepared.is_change and not json:
        console.print(draw_push(prepared))
    if prepared.is_change and not yes:
        _ask(prepared.uri)
    pushed = carry_out(deployment, prepared)
    if json:
        print_json(pushed)
    else:
        console.print(draw_pushed(endpoint, pushed))


def _ask(uri: str) -> None:
    if not sys.stdin.isatty():
        raise Misused(
            "This command can't ask for confirmation without a terminal; nothing was written.",
            "Add --yes to write it.",
        )
    if not typer.confirm(f"Write {uri}?", err=True):
        raise CommandFailed("Nothing was written.")
