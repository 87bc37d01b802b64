"""`switchover history`: how an endpoint's updates went."""

from typing import Annotated

import typer
from pydantic import TypeAdapter

from switchover_cli.console import open_console, print_document
from switchover_cli.deployment import find_deployment, open_session
from switchover_cli.history_screen import draw_history
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.records import UpdateRecord, record_update


def history(
    endpoint: Endpoint,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """List an endpoint's updates, newest first."""
    deployment = find_deployment(stack, open_session(local=local))
    updates = deployment.ledger.history(endpoint, limit)
    if json:
        records = tuple(
            record_update(update, deployment.ledger.timeline(update.update_id))
            for update in updates
        )
        adapter = TypeAdapter(tuple[UpdateRecord, ...])
        print_document(adapter.dump_json(records, indent=2).decode())
    elif updates:
        open_console().print(draw_history(updates))
    else:
        open_console().print(f"No update of {endpoint} is known here.")
