"""What was offered just now, and no update has picked up yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover.aws.offers import Offer
    from switchover_cli.deployment import Deployment

# From the arrival of a release to its update: an event, a function, an execution's first state.
PICK_UP_SECONDS = 120
POLL_SECONDS = 2


def find_offer(deployment: Deployment, endpoint: str) -> Offer | None:
    """The last of the releases that arrived a moment ago and to which no update belongs yet.

    None too where these credentials may not list the bucket.
    """
    try:
        for offer in deployment.offers.offers(endpoint):
            if offer.age_seconds > PICK_UP_SECONDS:
                break
            object_version = deployment.offers.object_version(offer)
            if update_of(deployment, endpoint, offer.version, object_version) is None:
                return offer
    except ClientError:
        return None
    return None


def update_of(
    deployment: Deployment, endpoint: str, version: str, object_version: str | None
) -> str | None:
    """The update that this arrival of a release began, or that was started by its name."""
    for listed in deployment.ledger.listed(endpoint):
        if listed.version != version:
            continue
        update = deployment.ledger.find(listed.update_id)
        asked = update.request if update else None
        if asked is None or asked.object_version in {None, object_version}:
            return listed.update_id
    return None


def await_offer(
    deployment: Deployment,
    endpoint: str,
    offer: Offer,
    pause: Callable[[float], object] = time.sleep,
) -> str | None:
    """Wait until an update picks a release up; its id, or None if none did while it was young."""
    for _ in range(PICK_UP_SECONDS // POLL_SECONDS):
        found = update_of(
            deployment, endpoint, offer.version, deployment.offers.object_version(offer)
        )
        if found is not None:
            return found
        pause(POLL_SECONDS)
    return None
