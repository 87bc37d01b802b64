"""Records the serving config as a version, so that a rollback can return to it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from switchover.aws.wishes import ring
from switchover.domain.adoption import Adoption, check_adoption
from switchover.domain.checks.endpoint import find_shape_faults
from switchover.domain.fleet import EndpointReading
from switchover.domain.planning import version_of
from switchover.domain.readings import Presence
from switchover.domain.reasons import Reason
from switchover_cli.errors import CommandFailed, Misused, Refused

if TYPE_CHECKING:
    from switchover.domain.fleet import LiveRelease
    from switchover_cli.deployment import Deployment

_LOOKS = 20
_PAUSE_SECONDS = 1.5


class AdoptRecord(BaseModel):
    """What `adopt --json` prints. `is_new` is false if the config was recorded already."""

    endpoint: str
    version: str
    config: str
    model: str
    since: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class Adopted:
    """The recorded config, and its deleted parts: no instance can be launched without them."""

    record: AdoptRecord
    gone: tuple[str, ...]


def adopt_serving(
    deployment: Deployment, endpoint: str, version: str | None, reason: str
) -> Adopted:
    """Record the serving config as a version; its default name is the folder of the model data.

    Raises:
        Misused: no version can have this name.
        Refused: the config can't be adopted; with every reason.
        CommandFailed: the request is written, but no function has recorded the version yet.
    """
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
    against = (
        *check_adoption(wish, reading, served, holder.update_id if holder else None),
        *(_find_faults(reading, live) if isinstance(reading, EndpointReading) else ()),
    )
    if against or live is None or not isinstance(reading, EndpointReading):
        raise Refused(f"The config that serves {endpoint} was not adopted.", against)
    is_new = all(entry.config_name != reading.config_name for entry in served)
    if is_new:
        deployment.wishes.ask_adoption(wish)
        ring(deployment.session.client("events"), endpoint)
        _await(deployment, wish)
    record = AdoptRecord(
        endpoint=endpoint,
        version=wish.version,
        config=wish.config_name,
        model=str(live.model["ModelName"]),
        since=reading.last_modified,
        is_new=is_new,
    )
    return Adopted(record, _list_gone(deployment, live))


def _find_faults(reading: EndpointReading, live: LiveRelease | None) -> tuple[Reason, ...]:
    if live is None:
        return (_gone(reading.name, reading.config_name),)
    return tuple(find_shape_faults(live))


def _list_gone(deployment: Deployment, live: LiveRelease) -> tuple[str, ...]:
    return tuple(
        f"{each.name}: {each.why}"
        for each in deployment.artifacts.read(live)
        if each.presence is Presence.GONE
    )


def _wish(endpoint: str, version: str, config: str, reason: str, at: datetime) -> Adoption:
    try:
        return Adoption(
            endpoint=endpoint, version=version, config_name=config, reason=reason, at=at
        )
    except ValidationError as error:
        raise Misused(
            f"{version!r} is not a valid version: use letters, digits and . _ + -, at most 63.",
            "Give one: --version …",
        ) from error


def _gone(endpoint: str, config: str) -> Reason:
    return Reason(
        code="endpoint.no-way-back",
        subject=f"endpoint {endpoint}",
        message=f"the config {config} or its model was deleted.",
        remedy="No rollback can return to it. Create it again under the same name, then adopt it.",
    )


def _await(deployment: Deployment, wish: Adoption) -> None:
    """Wait until a function has recorded the version: only functions write the record of what served."""
    for _ in range(_LOOKS):
        served = deployment.ledger.served(wish.endpoint)
        if any(entry.config_name == wish.config_name for entry in served):
            return
        time.sleep(_PAUSE_SECONDS)
    raise CommandFailed(
        f"The request is written, but no function has recorded {wish.config_name} yet.",
        f"A function tries again within 15 minutes: switchover status {wish.endpoint}. If it isn't"
        " recorded then, see the logs of WakeUpdateFunction and StartQueuedFunction.",
    )
