"""The update that a release's arrival starts, and the outcome of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.domain.approvals.four_eyes import event_name
from switchover.domain.outcome import Outcome
from switchover.domain.plain_text import quote
from switchover_cli.start.offered import PICK_UP_SECONDS, POLL_SECONDS
from switchover_cli.start.starting import not_picked_up
from switchover_cli.upload.offer import offered_before
from switchover_cli.words import say_minute

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


def name_arrival(
    deployment: Deployment,
    endpoint: str,
    version: str,
    place: str,
    sha256: str,
    object_version: str,
) -> str:
    """The id of the update that a release's arrival starts, as `receive_release` names it.

    `place` is `bucket/key`; `sha256` and `object_version` are those of the written release.json.
    """
    name = event_name(endpoint, version, place, sha256)
    earlier = deployment.ledger.find(name) if object_version else None
    if earlier is None or not earlier.was_stopped_unjudged:
        return name
    return event_name(endpoint, version, place, sha256, object_version)


def find_repeat(
    deployment: Deployment, endpoint: str, version: str, place: str, sha256: str
) -> Reason | None:
    """Why a release's arrival starts nothing: the same release already had its update."""
    earlier = deployment.ledger.find(event_name(endpoint, version, place, sha256))
    if earlier is None or earlier.was_stopped_unjudged:
        return None
    return offered_before(f"s3://{place}", earlier.update_id, _say_end(earlier))


def await_arrival(
    deployment: Deployment,
    update_id: str,
    endpoint: str,
    version: str,
    pause: Callable[[float], object],
) -> None:
    """Wait until the update that a release's arrival starts is in the ledger.

    Raises:
    CommandFailed: the update didn't begin within two minutes.
    """
    arn = deployment.execution_arn(update_id)
    for _ in range(PICK_UP_SECONDS // POLL_SECONDS):
        if deployment.ledger.find(update_id) or deployment.workflow.is_running(arn):
            return
        pause(POLL_SECONDS)
    raise not_picked_up(endpoint, version)


@dataclass(frozen=True, slots=True)
class Last:
    """The last update to a version; `update_id` is empty if none is known; `told` is its state."""

    update_id: str = ""
    outcome: Outcome | None = None
    is_running: bool = False
    told: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the uploader need not do anything."""
        return self.is_running or self.outcome in {Outcome.UPDATED, Outcome.QUEUED}


def find_last(deployment: Deployment, endpoint: str, version: str, arrival: str) -> Last:
    """The last update to a version, however started; `arrival` is the id of the arrival's update."""
    for listed in deployment.ledger.listed(endpoint):
        update = deployment.ledger.find(listed.update_id) if listed.version == version else None
        if update is not None:
            return Last(
                update.update_id,
                update.outcome,
                update.outcome is None,
                f"its last update {update.update_id} {_say_end(update)}",
                update.reasons,
            )
    if deployment.workflow.is_running(deployment.execution_arn(arrival)):
        return Last(arrival, is_running=True, told=f"its update {arrival} has just begun")
    return Last()


def _say_end(update: Update) -> str:
    match update.outcome:
        case None:
            return "is running"
        case Outcome.QUEUED:
            return "waits for its turn"
        case _:
            at = f" at {say_minute(update.ended_at)} UTC" if update.ended_at else ""
            why = f": {quote(update.summary)}" if update.summary else ""
            return f"ended as {update.outcome.value}{at}{why}"
