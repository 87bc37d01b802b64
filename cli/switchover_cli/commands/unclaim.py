"""`switchover unclaim`: free an endpoint whose claim is held by an execution that has ended."""

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, Why
from switchover_cli.output import open_console, print_json


def unclaim(
    endpoint: Endpoint,
    *,
    reason: Why,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Free an endpoint from an update whose execution has ended, and restore its changes."""
    from switchover_cli.screens.unclaiming import draw_unclaim
    from switchover_cli.steering.unclaiming import free_endpoint

    freed = free_endpoint(connect(stack, local=local), endpoint, reason)
    if json:
        print_json(freed)
    else:
        open_console(soft_wrap=True).print(draw_unclaim(endpoint, freed))
