"""`switchover status`: what serves an endpoint now, what runs or waits, how the last update ended."""

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json


def status(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """Show the serving version, the running update, and the last outcome."""
    from switchover_cli.standing import read_status, record_status

    deployment = connect(stack, local=local)
    found = read_status(deployment, endpoint)
    if json:
        print_json(record_status(found))
        return
    from switchover_cli.screens.status import draw_status

    open_console().print(draw_status(found))
