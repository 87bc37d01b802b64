"""Adoption: a config that no update brought becomes a version, so that there is a way back to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.fleet import Absent
from switchover.domain.outcome import Outcome
from switchover.domain.reasons import Reason
from switchover.domain.refusals import check_endpoint
from switchover.domain.release import VersionName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from switchover.domain.fleet import EndpointReading
    from switchover.domain.served import Served
    from switchover.domain.update.update import Update


class Adoption(BaseModel):
    """A person's wish to have what serves recorded as a version. `config_name` is what they saw serve."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    version: VersionName
    config_name: str
    reason: str
    at: datetime


class Drift(BaseModel):
    """What serves isn't what the last update left. `since` is SageMaker's LastModifiedTime."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config_name: str
    since: datetime
    good_version: str
    good_config: str

    @property
    def told(self) -> str:
        """One sentence for people."""
        return (
            f"Somebody else moved the endpoint to {self.config_name} (last changed"
            f" {self.since:%Y-%m-%d %H:%M} UTC); the last known good is {self.good_version}"
            f" ({self.good_config})."
        )


def find_drift(
    endpoint: EndpointReading | Absent, served: Sequence[Served], updates: Iterable[Update]
) -> Drift | None:
    """Whether somebody else changed what serves; None if not, or if nothing is known to have served.

    `served` and `updates` are newest first. While an update runs, or where the last one ended unsettled
    on a config of its own, what serves is that update's business.
    """
    if isinstance(endpoint, Absent) or not served:
        return None
    last = next((each for each in updates if each.is_started), None)
    if last is not None and _is_its_business(last, endpoint.config_name):
        return None
    good = served[0]
    if endpoint.config_name == good.config_name:
        return None
    return Drift(
        config_name=endpoint.config_name,
        since=endpoint.last_modified,
        good_version=good.version,
        good_config=good.config_name,
    )


def check_adoption(
    wish: Adoption,
    endpoint: EndpointReading | Absent,
    served: Sequence[Served],
    holder: str | None,
) -> Iterator[Reason]:
    """Why what serves can't be recorded as a version now; nothing if it can, or is so already."""
    subject = f"endpoint {wish.endpoint}"
    if holder is not None:
        yield Reason(
            code="adoption.update-runs",
            subject=subject,
            message=f"is being updated by {holder}, which itself records what serves in the end.",
            remedy=f"Wait for its outcome: switchover watch {wish.endpoint}",
        )
        return
    yield from check_endpoint(endpoint)
    if not isinstance(endpoint, Absent) and endpoint.config_name != wish.config_name:
        yield Reason(
            code="adoption.moved",
            subject=subject,
            message=f"serves {endpoint.config_name} by now, not {wish.config_name}.",
            remedy=f"Look at it (switchover status {wish.endpoint}), then adopt again.",
        )
    other = next((e.version for e in served if e.config_name == wish.config_name), wish.version)
    if other != wish.version:
        yield Reason(
            code="adoption.known",
            subject=f"config {wish.config_name}",
            message=f"is recorded as {other} already, not {wish.version}.",
            remedy=f"Leave out --version: it is known as {other}.",
        )
    taken = next((e.config_name for e in served if e.version == wish.version), wish.config_name)
    if taken != wish.config_name and other == wish.version:
        yield Reason(
            code="adoption.version-taken",
            subject=f"version {wish.version}",
            message=f"is {taken}, which served before: a way back to it would be ambiguous.",
            remedy="Choose another name: --version …",
        )


def _is_its_business(last: Update, config_name: str) -> bool:
    own = last.plan.own_configs if last.plan else frozenset[str]()
    return last.outcome is None or (last.outcome is Outcome.NEEDS_OPERATOR and config_name in own)
