"""`switchover history`: the outcomes of an endpoint's updates, or of the last update of each endpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.options import (
    DEFAULT_STACK,
    Json,
    Local,
    Stack,
    check_endpoint,
    complete_endpoint,
)
from switchover_cli.output import open_console, print_list

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


def history(
    endpoint: Annotated[
        str | None,
        typer.Argument(
            metavar="ENDPOINT",
            callback=check_endpoint,
            autocompletion=complete_endpoint,
            help="The SageMaker endpoint; default: all endpoints, with the last update of each.",
        ),
    ] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of updates.")] = 20,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """List an endpoint's updates, newest first; or the last update of every endpoint."""
    from switchover_cli.drift import read_drift
    from switchover_cli.records import record_update
    from switchover_cli.screens.history import draw_history, find_place

    deployment = connect(stack, local=local)
    if endpoint is not None:
        updates = deployment.ledger.history(endpoint, limit)
        drift = read_drift(deployment, deployment.sagemaker.read(endpoint)) if updates else None
    else:
        updates, drift = read_last_of_each(deployment, limit), None
    if json:
        place = min(find_place(updates, drift), len(updates) - 1) if drift else None
        records = tuple(
            record_update(
                update,
                deployment.ledger.timeline(update.update_id),
                drift if number == place else None,
            )
            for number, update in enumerate(updates)
        )
        print_list(records)
    elif updates:
        open_console().print(draw_history(updates, drift, names_endpoints=endpoint is None))
    else:
        open_console().print(f"No update of {endpoint or 'any endpoint'} is known here.")


def read_last_of_each(deployment: "Deployment", limit: int) -> "tuple[Update, ...]":
    """The last update of every endpoint that ever had a release, newest first.

    The index tells which updates these are; only `limit` updates are read whole. Endpoints whose updates
    these credentials may not read are named on stderr.
    """
    begun: list[tuple[str, str, str]] = []
    found: list[Update] = []
    denied: list[str] = []
    for name in deployment.offers.endpoints():
        with _passing_denials(name, denied):
            newest = deployment.ledger.newest(name)
            begun += [(*newest, name)] if newest else []
    for _, update_id, name in sorted(begun, reverse=True)[:limit]:
        with _passing_denials(name, denied):
            update = deployment.ledger.find(update_id)
            found += [update] if update else []
    if denied:
        open_console(stderr=True, soft_wrap=True).print(
            f"(without the endpoints that you have no permission to read: {', '.join(denied)})"
        )
    return tuple(found)


@contextmanager
def _passing_denials(endpoint: str, denied: list[str]) -> Iterator[None]:
    from botocore.exceptions import ClientError

    from switchover_cli.refusals import is_denied

    try:
        yield
    except ClientError as error:
        if not is_denied(error):
            raise
        denied.append(endpoint)
