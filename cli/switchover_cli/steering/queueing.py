"""Lists the updates that wait for an endpoint, and removes one from the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from switchover.domain.naming import execution_name
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Waiting
from switchover.domain.update.request import Request
from switchover_cli.errors import Misused

if TYPE_CHECKING:
    from switchover.domain.marks import Pin
    from switchover_cli.deployment import Deployment


class QueueRecord(BaseModel):
    """What `queue --json` prints, in the order of the turns.

    `to_finish` is an update that has ended, but holds the endpoint until its changes are restored.
    `unreadable` is an update that holds the endpoint, but whose record can't be read.
    """

    endpoint: str
    running: str | None
    to_finish: str | None
    unreadable: str | None
    pinned_to: str | None
    waiting: tuple[Waiting, ...]


class CancelRecord(BaseModel):
    """What `cancel --json` prints."""

    update_id: str


@dataclass(frozen=True, slots=True)
class Queue:
    """The holder of an endpoint and the waiting updates; `is_running` belongs to `unreadable`."""

    endpoint: str
    running: str | None
    to_finish: str | None
    unreadable: str | None
    is_running: bool
    pin: Pin | None
    waiting: tuple[Waiting, ...]


def read_queue(deployment: Deployment, endpoint: str) -> Queue:
    """Read the update that holds an endpoint, and the waiting updates in their order."""
    holder = deployment.ledger.claim(endpoint)
    held_for = deployment.ledger.find(holder.update_id) if holder else None
    is_unreadable = held_for is not None and held_for.record.is_unreadable
    is_over = held_for is not None and held_for.outcome is not None and not is_unreadable
    holding = holder.update_id if holder else None
    return Queue(
        endpoint=endpoint,
        running=holding if not is_over and not is_unreadable else None,
        to_finish=holding if is_over else None,
        unreadable=holding if is_unreadable else None,
        is_running=is_unreadable
        and holder is not None
        and deployment.workflow.is_running(holder.execution_arn),
        pin=deployment.wishes.pin(endpoint),
        waiting=deployment.queue.entries(endpoint),
    )


def record_queue(queue: Queue) -> QueueRecord:
    """The printed form for machines."""
    return QueueRecord(
        endpoint=queue.endpoint,
        running=queue.running,
        to_finish=queue.to_finish,
        unreadable=queue.unreadable,
        pinned_to=queue.pin.version if queue.pin else None,
        waiting=queue.waiting,
    )


def cancel_waiting(
    deployment: Deployment, endpoint: str, update_id: str, reason: str
) -> CancelRecord:
    """Remove an update from the queue.

    Raises:
    Misused: the update doesn't wait for this endpoint.
    """
    found = deployment.ledger.update(update_id)
    if found.endpoint != endpoint or found.outcome is not Outcome.QUEUED:
        raise Misused(
            f"{update_id} doesn't wait for {endpoint}.",
            f"List the queue: switchover queue {endpoint}",
        )
    name = execution_name(endpoint, "cancel", f"{update_id}#{found.record.revision}")
    request = Request(cancel=update_id, reason=reason)
    deployment.workflow.start(
        deployment.state_machine_arn, name, request.model_dump(mode="json", exclude_defaults=True)
    )
    return CancelRecord(update_id=update_id)
