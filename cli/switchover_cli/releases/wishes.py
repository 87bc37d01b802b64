"""Pins and marks: the one version of an endpoint that may start, and versions that must not start."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from switchover.domain.marks import Mark, Pin
from switchover_cli.releases.known_versions import check_known

if TYPE_CHECKING:
    from switchover_cli.deployment import Deployment

_Wish = TypeVar("_Wish", Pin, Mark)


def pin_version(deployment: Deployment, endpoint: str, version: str, reason: str) -> None:
    """Make an endpoint refuse every other version.

    Raises:
        Misused: no such version is known.
    """
    deployment.wishes.set_pin(_wish(Pin, deployment, endpoint, version, reason))


def mark_bad(deployment: Deployment, endpoint: str, version: str, reason: str) -> None:
    """Keep uploads from starting a version.

    Raises:
        Misused: no such version is known.
    """
    deployment.wishes.add_mark(_wish(Mark, deployment, endpoint, version, reason))


def _wish(
    kind: type[_Wish], deployment: Deployment, endpoint: str, version: str, reason: str
) -> _Wish:
    check_known(deployment, endpoint, version)
    at = deployment.sagemaker.read(endpoint).read_at
    return kind(endpoint=endpoint, version=version, reason=reason, at=at)
