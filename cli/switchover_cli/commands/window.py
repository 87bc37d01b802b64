"""`switchover window`: an endpoint's week, when its updates may run, and what will delay them."""

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json


def window(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """Show an endpoint's traffic over a week, its windows, and the coming freezes."""
    from switchover_cli.screens.week import draw_outlook
    from switchover_cli.windows.outlook import read_outlook, record_outlook

    outlook = read_outlook(connect(stack, local=local), endpoint)
    if json:
        print_json(record_outlook(outlook))
    else:
        open_console().print(draw_outlook(outlook))
