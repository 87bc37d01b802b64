"""The known versions of an endpoint, so that a mistyped one is refused at once."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.domain.fleet import EndpointReading
from switchover.domain.planning import version_of
from switchover_cli.errors import Misused
from switchover_cli.refusals import is_denied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover_cli.deployment import Deployment


def check_known(deployment: Deployment, endpoint: str, version: str) -> None:
    """Accept a version that was offered, started or served, or that serves now.

    Raises:
    Misused: the version is unknown, as far as these credentials may see.
    """
    known: dict[str, None] = {}
    for each in _versions(deployment, endpoint):
        if each == version:
            return
        known[each] = None
    near = get_close_matches(version, known, n=3) or list(known)[:3]
    if not near:
        raise Misused(
            f"No version of {endpoint} is known here.",
            "Check the endpoint's name, and --stack. List the known endpoints: switchover history",
        )
    raise Misused(
        f"{endpoint} has no version {version!r}: none was uploaded, started or served.",
        f"Did you mean {' or '.join(near)}? All that were started: switchover history {endpoint}",
    )


def _versions(deployment: Deployment, endpoint: str) -> Iterator[str]:
    """The known versions, latest first; if listing the bucket is denied, those in the ledger."""
    try:
        yield from (offer.version for offer in deployment.offers.offers(endpoint))
    except ClientError as error:
        if not is_denied(error):
            raise
    yield from (each.version for each in deployment.ledger.listed(endpoint) if each.version)
    served = deployment.ledger.served(endpoint, None)
    yield from (each.version for each in served)
    reading = deployment.sagemaker.read(endpoint)
    if not isinstance(reading, EndpointReading):
        return
    try:
        live = deployment.sagemaker.live_release(reading.config_name)
    except ClientError as error:
        if not is_denied(error):
            raise
        return
    if live is not None:
        yield version_of(live, served)
