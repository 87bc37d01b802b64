"""Stops a running update in the safest way that its state allows."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from switchover.aws.wishes import ring
from switchover.domain.aborting import call_off, object_to_abort
from switchover_cli.errors import CommandFailed, Misused

if TYPE_CHECKING:
    from switchover.domain.update.records import AbortRequest
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


class AbortRecord(BaseModel):
    """What `abort --json` prints without following the update."""

    update_id: str
    was_started: bool
    reason: str


def ask_to_stop(deployment: Deployment, update: Update, request: AbortRequest) -> None:
    """Record the request to stop an update, and send the event that wakes the update.

    Raises:
    Misused: the update can't be stopped any more, or an abort is already requested.
    CommandFailed: the request is recorded, but no event was sent; the next poll finds the request.
    """
    objection = object_to_abort(update)
    if objection is not None:
        raise Misused(f"{update.update_id}: {objection.why}", objection.remedy)
    if not deployment.wishes.ask_abort(update.endpoint, update.update_id, request):
        raise Misused(
            f"{update.update_id}: an abort is already requested.",
            f"Follow it: switchover watch {update.endpoint}",
        )
    try:
        ring(deployment.session.client("events"), update.endpoint)
    except (BotoCoreError, ClientError) as error:
        raise CommandFailed(
            f"The request to abort {update.update_id} is recorded, but its event wasn't sent: {error}",
            "The update finds it within PollIntervalSeconds. If the update waits for approval, reject it."
            " To avoid this, allow events:PutEvents (docs/permissions.md).",
        ) from error


def stop_running(deployment: Deployment, endpoint: str, reason: str) -> Update:
    """Stop the running update; returns it as it was before.

    Raises:
    Misused: no update runs, or the update can't be stopped any more.
    """
    holder = deployment.ledger.claim(endpoint)
    if holder is None:
        raise Misused(
            f"{endpoint} has no running update.",
            f"See what serves: switchover status {endpoint}; what waits: switchover queue {endpoint}",
        )
    update = deployment.ledger.update(holder.update_id)
    stop_for(deployment, update, reason)
    return update


def stop_for(deployment: Deployment, update: Update, reason: str) -> None:
    """Stop an update in the caller's name.

    Raises:
    Misused: the update can't be stopped any more, or an abort is already requested.
    """
    at = deployment.sagemaker.read(update.endpoint).read_at
    ask_to_stop(
        deployment, update, call_off(update.update_id, at, name_oneself(deployment), reason)
    )


def name_oneself(deployment: Deployment) -> str:
    """The caller's ARN; if STS doesn't answer, the user's name on this computer."""
    try:
        return deployment.session.client("sts").get_caller_identity()["Arn"]
    except (BotoCoreError, ClientError):
        return getpass.getuser()
