"""`switchover rollback`: an update to a version that served before."""

from typing import Annotated
from uuid import uuid4

import typer

from switchover_cli.deployment import find_deployment, open_session
from switchover_cli.following import report_started
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, Why, check_version
from switchover_cli.starting import rollback_request, start_update


def rollback(
    endpoint: Endpoint,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            callback=check_version, help="The version to return to; by default the last before."
        ),
    ] = None,
    reason: Why = "",
    watch: Annotated[bool, typer.Option(help="Follow it to its outcome.")] = True,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Take an endpoint back to a version that served it before."""
    deployment = find_deployment(stack, open_session(local=local))
    update_id = start_update(deployment, rollback_request(endpoint, to, reason), uuid4().hex)
    report_started(deployment, update_id, None, is_watched=watch, is_json=json)
