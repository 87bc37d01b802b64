"""`switchover release`: versions that uploads must not start again."""

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, Version, Why
from switchover_cli.output import open_console, print_list


def mark_bad(
    endpoint: Endpoint,
    version: Version,
    *,
    reason: Why,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
) -> None:
    """Stop uploads from starting a version; a person can still start it by name."""
    from switchover_cli.releases import wishes

    wishes.mark_bad(connect(stack, local=local), endpoint, version, reason)
    open_console(soft_wrap=True).print(f"{version} is marked bad for {endpoint}.")


def marks(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """List the versions that are marked bad, and why."""
    from switchover_cli.screens.marks import say_mark

    deployment = connect(stack, local=local)
    found = deployment.wishes.marks(endpoint)
    if json:
        print_list(found)
    elif found:
        for mark in found:
            open_console().print(say_mark(mark))
    else:
        open_console().print(f"No version of {endpoint} is marked bad.")


def unmark(
    endpoint: Endpoint, version: Version, *, stack: Stack = DEFAULT_STACK, local: Local = False
) -> None:
    """Remove a version's mark, so that uploads start it again."""
    connect(stack, local=local).wishes.remove_mark(endpoint, version)
    open_console(soft_wrap=True).print(f"{version} is not marked for {endpoint}.")
