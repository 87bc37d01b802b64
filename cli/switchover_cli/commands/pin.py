"""`switchover pin`: an endpoint accepts releases of one version only."""

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Local, Stack, Version, Why
from switchover_cli.output import open_console


def pin(
    endpoint: Endpoint,
    version: Version,
    *,
    reason: Why,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
) -> None:
    """Keep an endpoint on one version; rollbacks still work."""
    from switchover_cli.releases.wishes import pin_version

    pin_version(connect(stack, local=local), endpoint, version, reason)
    open_console(soft_wrap=True).print(f"{endpoint} is pinned to {version}.")


def unpin(endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False) -> None:
    """Remove an endpoint's pin: it accepts every version again."""
    connect(stack, local=local).wishes.remove_pin(endpoint)
    open_console(soft_wrap=True).print(f"{endpoint} is not pinned.")
