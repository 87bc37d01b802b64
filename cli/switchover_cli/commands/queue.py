"""`switchover queue` and `cancel`: who waits for an endpoint."""

from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.text import Text

from switchover.domain.marks import Pin
from switchover.domain.naming import execution_name
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Waiting
from switchover.domain.update.request import Request
from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, Why
from switchover_cli.output import open_console, print_json
from switchover_cli.words import say_minute


class QueueRecord(BaseModel):
    """What `queue --json` prints, in the order of the turns.

    `to_finish` has its outcome, and holds the endpoint until what it left could be put back;
    `unreadable` holds it, and can't be read.
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
class _Queue:
    endpoint: str
    running: str | None
    to_finish: str | None
    unreadable: str | None
    is_running: bool
    pin: Pin | None
    waiting: tuple[Waiting, ...]


def queue(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """List who waits for an endpoint, in the order of their turns."""
    deployment = connect(stack, local=local)
    holder = deployment.ledger.claim(endpoint)
    held_for = deployment.ledger.find(holder.update_id) if holder else None
    is_unreadable = held_for is not None and held_for.record.is_unreadable
    is_over = held_for is not None and held_for.outcome is not None and not is_unreadable
    holding = holder.update_id if holder else None
    found = _Queue(
        endpoint,
        holding if not is_over and not is_unreadable else None,
        holding if is_over else None,
        holding if is_unreadable else None,
        is_unreadable
        and holder is not None
        and deployment.workflow.is_running(holder.execution_arn),
        deployment.wishes.pin(endpoint),
        deployment.queue.entries(endpoint),
    )
    if json:
        print_json(
            QueueRecord(
                endpoint=endpoint,
                running=found.running,
                to_finish=found.to_finish,
                unreadable=found.unreadable,
                pinned_to=found.pin.version if found.pin else None,
                waiting=found.waiting,
            )
        )
    else:
        open_console().print(_draw(found))


def cancel(
    endpoint: Endpoint,
    update: Annotated[str, typer.Argument(metavar="UPDATE", help="Its id, as `queue` shows it.")],
    *,
    reason: Why = "",
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Take an update out of the queue; it ends as Rejected."""
    deployment = connect(stack, local=local)
    found = deployment.ledger.update(update)
    if found.endpoint != endpoint or found.outcome is not Outcome.QUEUED:
        raise Misused(
            f"{update} doesn't wait for {endpoint}.", f"See who does: switchover queue {endpoint}"
        )
    name = execution_name(endpoint, "cancel", f"{update}#{found.record.revision}")
    request = Request(cancel=update, reason=reason)
    deployment.workflow.start(
        deployment.state_machine_arn, name, request.model_dump(mode="json", exclude_defaults=True)
    )
    if json:
        print_json(CancelRecord(update_id=update))
    else:
        open_console(soft_wrap=True).print(
            f"{update} is being taken out of the queue; it ends as Rejected."
        )


def _draw(found: _Queue) -> RenderableType:
    lines: list[RenderableType] = []
    if found.running:
        lines.append(Text(f"Running: {found.running}"))
    if found.to_finish:
        lines.append(
            Text(f"Ended, and is put right once SageMaker stands still: {found.to_finish}")
        )
    if found.unreadable:
        freed = (
            "Its execution runs, and ends it."
            if found.is_running
            else f"Free it at once: switchover unclaim {found.endpoint} --reason '…'"
        )
        lines.append(Text(f"Holds the endpoint, and can't be read: {found.unreadable}. {freed}"))
    if found.pin:
        lines.append(Text(f"Pinned to {found.pin.shown}: {found.pin.reason}"))
    if not found.waiting:
        return Group(*lines, Text(f"Nobody waits for {found.endpoint}."))
    for one in found.waiting:
        lines.append(Text(f"\n{one.version or '(rollback)'}  {one.update_id}", style="bold"))
        lines.append(
            Text(
                f"offered {say_minute(one.offered_at)} UTC, starts not before"
                f" {say_minute(one.not_before)} UTC: {one.why}"
            )
        )
    return Group(*lines)
