"""Adoption: records a config that somebody else set as a version to roll back to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, BaseModel, ConfigDict

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


# A wish that could not be fulfilled for this long is dropped: its author has checked since.
LASTS = timedelta(hours=24)


class Adoption(BaseModel):
    """A person's wish to record the serving config as a version. `config_name` is the config they saw."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    version: VersionName
    config_name: str
    reason: str
    at: AwareDatetime


class Drift(BaseModel):
    """The serving config isn't the one that the last update left. `since` is LastModifiedTime.

    `told` and `remedy` are one or two sentences each, for people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    config_name: str
    since: datetime
    good_version: str
    good_config: str
    told: str
    remedy: str


def find_drift(
    endpoint: EndpointReading | Absent, served: Sequence[Served], updates: Iterable[Update]
) -> Drift | None:
    """Find a change of the serving config outside Switchover; None if there is none or it can't be told.

    `served` is newest first. Nothing is reported while an update runs, or if the last update ended on
    a config of its own that isn't recorded as served.
    """
    if isinstance(endpoint, Absent) or not served:
        return None
    good, name = served[0], endpoint.config_name
    if name == good.config_name or any(
        _is_its_business(each, name, good) for each in _last_started(updates)
    ):
        return None
    return Drift(
        config_name=name,
        since=endpoint.last_modified,
        good_version=good.version,
        good_config=good.config_name,
        told=(
            f"The endpoint was moved to {name} outside Switchover (last changed"
            f" {endpoint.last_modified:%Y-%m-%d %H:%M} UTC); the last known good is {good.version}"
            f" ({good.config_name})."
        ),
        remedy=(
            f"To go back to {good.version}: switchover rollback {endpoint.name}. To keep the"
            f" current config: switchover adopt {endpoint.name} --version NAME"
        ),
    )


def check_adoption(
    wish: Adoption,
    endpoint: EndpointReading | Absent,
    served: Sequence[Served],
    holder: str | None,
) -> Iterator[Reason]:
    """Say why the serving config can't be recorded as a version now; empty if it can be or already is."""
    subject = f"endpoint {wish.endpoint}"
    if holder is not None:
        yield Reason(
            code="adoption.update-runs",
            subject=subject,
            message=f"is being updated by {holder}, which records the serving config at its end.",
            remedy=f"Wait for its outcome: switchover watch {wish.endpoint}",
        )
        return
    yield from check_endpoint(endpoint)
    if not isinstance(endpoint, Absent) and endpoint.config_name != wish.config_name:
        yield Reason(
            code="adoption.moved",
            subject=subject,
            message=f"serves {endpoint.config_name} by now, not {wish.config_name}.",
            remedy=f"Check the endpoint (switchover status {wish.endpoint}), then adopt again.",
        )
    other = next((e.version for e in served if e.config_name == wish.config_name), wish.version)
    if other != wish.version:
        yield Reason(
            code="adoption.known",
            subject=f"config {wish.config_name}",
            message=f"is already recorded as {other}, not as {wish.version}.",
            remedy=f"Remove --version: the config is known as {other}.",
        )
    taken = next((e.config_name for e in served if e.version == wish.version), wish.config_name)
    if taken != wish.config_name and other == wish.version:
        yield Reason(
            code="adoption.version-taken",
            subject=f"version {wish.version}",
            message=f"is already the name of {taken}, which served before: the name is ambiguous.",
            remedy="Choose another name: --version …",
        )


def _last_started(updates: Iterable[Update]) -> tuple[Update, ...]:
    """The running update, or else the one that ended last: not always the newest, as updates may wait."""
    started = [each for each in updates if each.progress.is_started]
    running = [each for each in started if each.outcome is None]
    ended = sorted(started, key=lambda each: each.ended_at or each.started_at)
    return tuple(running[:1] or ended[-1:])


def _is_its_business(last: Update, config_name: str, good: Served) -> bool:
    if last.outcome is None:
        return True
    if last.ended_at is not None and good.at >= last.ended_at:
        return False  # the config that was left, or adopted since, is recorded
    own = last.plan.own_configs if last.plan else frozenset[str]()
    is_left = last.outcome is Outcome.NEEDS_OPERATOR or config_name == last.serving_config
    return is_left and config_name in own
