"""Releases that arrived just now, and that no update has picked up yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover.aws.offers import Offer
    from switchover_cli.deployment import Deployment

# The time from a release's arrival to its update: an event, a function, an execution's first state.
PICK_UP_SECONDS = 120
POLL_SECONDS = 2


def find_offer(deployment: Deployment, endpoint: str) -> Offer | None:
    """The newest release that arrived a moment ago and has no update yet.

    None too if these credentials may not list the bucket.
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
    """The update that this arrival of a release started, or that was started by the version's name."""
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
    """Wait until an update picks up a release; returns the update's id, or None after the time limit."""
    for _ in range(PICK_UP_SECONDS // POLL_SECONDS):
        found = update_of(
            deployment, endpoint, offer.version, deployment.offers.object_version(offer)
        )
        if found is not None:
            return found
        pause(POLL_SECONDS)
    return None
