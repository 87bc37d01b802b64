"""`switchover adopt`: what serves becomes a version, so that there is a way back to it."""

import time
from datetime import datetime
from typing import Annotated

import typer
from pydantic import BaseModel, ValidationError

from switchover.aws.wishes import ring
from switchover.domain.adoption import Adoption, check_adoption
from switchover.domain.checks.endpoint import find_shape_faults
from switchover.domain.fleet import EndpointReading
from switchover.domain.planning import version_of
from switchover.domain.readings import Presence
from switchover.domain.reasons import Reason
from switchover_cli.connect import connect
from switchover_cli.deployment import Deployment
from switchover_cli.errors import CommandFailed, Misused, Refused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, Why
from switchover_cli.output import open_console, print_json

_LOOKS = 20
_PAUSE_SECONDS = 1.5


class AdoptRecord(BaseModel):
    """What `adopt --json` prints. `is_new` is false for what was recorded already."""

    endpoint: str
    version: str
    config: str
    model: str
    since: datetime
    is_new: bool


def adopt(
    endpoint: Endpoint,
    *,
    version: Annotated[
        str | None, typer.Option(help="Its name; by default the folder of its model data.")
    ] = None,
    reason: Why = "",
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Record what serves now as a version: from then on a rollback can return to it."""
    deployment = connect(stack, local=local)
    reading = deployment.sagemaker.read(endpoint)
    holder = deployment.ledger.claim(endpoint)
    served = deployment.ledger.served(endpoint)
    live = (
        deployment.sagemaker.live_release(reading.config_name)
        if isinstance(reading, EndpointReading)
        else None
    )
    named = version or (version_of(live, served) if live is not None else "unknown")
    wish = _wish(endpoint, named, getattr(reading, "config_name", ""), reason, reading.read_at)
    against = list(check_adoption(wish, reading, served, holder.update_id if holder else None))
    if isinstance(reading, EndpointReading):
        if live is None:
            against.append(_gone(endpoint, reading.config_name))
        else:
            against += find_shape_faults(live)
    if against or live is None or not isinstance(reading, EndpointReading):
        raise Refused(f"What serves {endpoint} was not adopted.", tuple(against))
    is_new = all(entry.config_name != reading.config_name for entry in served)
    if is_new:
        deployment.wishes.ask_adoption(wish)
        ring(deployment.session.client("events"), endpoint)
        _await(deployment, wish)
    missing = tuple(
        f"{each.name}: {each.why}"
        for each in deployment.artifacts.read(live)
        if each.presence is Presence.GONE
    )
    if json:
        print_json(
            AdoptRecord(
                endpoint=endpoint,
                version=wish.version,
                config=wish.config_name,
                model=str(live.model["ModelName"]),
                since=reading.last_modified,
                is_new=is_new,
            )
        )
        return
    console = open_console(soft_wrap=True)
    done = "is recorded" if is_new else "was recorded already"
    console.print(f"{reading.config_name} {done} as {wish.version}, which serves {endpoint}.")
    for told in missing:
        console.print(f"warning: {told}: no instance of it can be launched again.", markup=False)
    console.print(f"Back to it, once something else serves: switchover rollback {endpoint}")


def _wish(endpoint: str, version: str, config: str, reason: str, at: datetime) -> Adoption:
    try:
        return Adoption(
            endpoint=endpoint, version=version, config_name=config, reason=reason, at=at
        )
    except ValidationError as error:
        raise Misused(
            f"{version!r} is no name of a version: letters, digits and . _ + -, at most 63.",
            "Give one: --version …",
        ) from error


def _gone(endpoint: str, config: str) -> Reason:
    return Reason(
        code="endpoint.no-way-back",
        subject=f"endpoint {endpoint}",
        message=f"its config {config} or the config's model is gone.",
        remedy="Nothing can go back to it: recreate it under that name, then adopt it.",
    )


def _await(deployment: Deployment, wish: Adoption) -> None:
    """Wait until a function has recorded it: nobody's hands write what served."""
    for _ in range(_LOOKS):
        served = deployment.ledger.served(wish.endpoint)
        if any(entry.config_name == wish.config_name for entry in served):
            return
        time.sleep(_PAUSE_SECONDS)
    raise CommandFailed(
        f"The wish is written, and nothing has recorded {wish.config_name} yet.",
        f"It is looked at again within 15 minutes: switchover status {wish.endpoint}. If it isn't"
        " recorded then, see the logs of WakeUpdateFunction and StartQueuedFunction.",
    )
