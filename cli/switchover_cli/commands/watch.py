"""`switchover watch`: follow an endpoint's update to its outcome."""

from typing import TYPE_CHECKING, Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.options import (
    DEFAULT_STACK,
    Json,
    Local,
    SomeEndpoint,
    Stack,
)
from switchover_cli.output import open_console

if TYPE_CHECKING:
    from switchover_cli.deployment import Deployment


def watch(
    endpoint: SomeEndpoint = None,
    *,
    update: Annotated[str | None, typer.Option(metavar="ID", help="One update, by its id.")] = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Follow an endpoint's running update, or show the last outcome."""
    from switchover_cli.watching.ending import follow_to_exit

    deployment = connect(stack, local=local)
    if update is not None:
        if not deployment.workflow.is_running(deployment.execution_arn(update)):
            deployment.ledger.look_up(update)
    elif endpoint is not None:
        update = _find(deployment, endpoint)
    else:
        raise Misused("Watch what?", "Give an endpoint, or --update ID.")
    follow_to_exit(deployment, update, is_json=json)


def _find(deployment: "Deployment", endpoint: str) -> str:
    """The running update; or the update of a release that has just arrived; or the last update."""
    from switchover_cli.start.offered import await_offer, find_offer
    from switchover_cli.watching.follow import find_last_update

    claim = deployment.ledger.claim(endpoint)
    if claim is not None:
        return claim.update_id
    offer = find_offer(deployment, endpoint)
    if offer is None:
        return find_last_update(deployment, endpoint)
    open_console(stderr=True, soft_wrap=True).print(
        f"{offer.version} was uploaded; waiting for its update to start…"
    )
    found = await_offer(deployment, endpoint, offer)
    if found is None:
        raise Misused(
            f"No update to {offer.version} started. A release with the content of an earlier one starts"
            " no new update.",
            f"Start it: switchover start --endpoint {endpoint} --version {offer.version}",
        )
    return found
