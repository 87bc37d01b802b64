"""`switchover queue` and `cancel`: who waits for an endpoint; and what a start would find there now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.console import Group, RenderableType
from rich.text import Text

from switchover.aws.admission import Admission
from switchover.aws.timetables import Timetables
from switchover.aws.traffic import Traffic
from switchover.domain.intake import understand
from switchover.domain.marks import Pin
from switchover.domain.naming import execution_name
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Decision, Turn, Waiting, decide_turn
from switchover.domain.reasons import Reason
from switchover.domain.update import Request
from switchover_cli.console import open_console
from switchover_cli.deployment import Deployment, find_deployment, open_session
from switchover_cli.errors import Misused, Refused
from switchover_cli.exits import ExitCode
from switchover_cli.following import print_json
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, Why
from switchover_cli.screen import draw_reasons
from switchover_cli.words import say_minute

_FORESEEN = {
    Turn.CLAIM: "It would start now.",
    Turn.WAIT: "It would be Queued.",
    Turn.RECOVER: "It would be Queued.",
    Turn.SUPERSEDED: "It would be Superseded.",
    Turn.REJECTED: "It would be Rejected.",
}


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


class ForeseenRecord(BaseModel):
    """What `start --dry-run --json` prints."""

    verdict: str
    not_before: datetime | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Queue:
    endpoint: str
    running: str | None
    to_finish: str | None
    unreadable: str | None
    pin: Pin | None
    waiting: tuple[Waiting, ...]


def queue(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """List who waits for an endpoint, in the order of their turns."""
    deployment = find_deployment(stack, open_session(local=local))
    holder = deployment.ledger.claim(endpoint)
    held_for = deployment.ledger.find(holder.update_id) if holder else None
    is_unreadable = held_for is not None and held_for.is_unreadable
    is_over = held_for is not None and held_for.outcome is not None and not is_unreadable
    holding = holder.update_id if holder else None
    found = _Queue(
        endpoint,
        holding if not is_over and not is_unreadable else None,
        holding if is_over else None,
        holding if is_unreadable else None,
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
    deployment = find_deployment(stack, open_session(local=local))
    found = deployment.ledger.update(update)
    if found.endpoint != endpoint or found.outcome is not Outcome.QUEUED:
        raise Misused(
            f"{update} doesn't wait for {endpoint}.", f"See who does: switchover queue {endpoint}"
        )
    name = execution_name(endpoint, "cancel", f"{update}#{found.revision}")
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


def foresee(deployment: Deployment, request: Request, salt: str) -> Decision:
    """What an update would be told if it were started now; nothing is changed.

    Raises:
        Refused: the release can't be started at all.
    """
    raw = deployment.models.read_release(*request.bucket_and_key, request.object_version)
    asked = understand(request, raw, deployment.bucket)
    if asked.reasons:
        raise Refused("It would be Rejected.", asked.reasons)
    endpoint = deployment.sagemaker.read(asked.endpoint)
    update_id = execution_name(asked.endpoint, asked.version, salt)
    update = asked.open(update_id, deployment.execution_arn(update_id), endpoint.read_at)
    traffic = Traffic(deployment.session.client("cloudwatch"))
    admission = Admission(
        deployment.ledger,
        deployment.queue,
        deployment.workflow,
        deployment.files,
        Timetables(deployment.files, traffic),
        deployment.wishes,
    )
    return decide_turn(update, admission.look(update, endpoint))


def report_foreseen(decision: Decision, *, is_json: bool) -> None:
    """Say what would happen, and why.

    Raises:
        Exit: it would not be started, now or later: the exit code that such an end has.
    """
    if is_json:
        print_json(
            ForeseenRecord(
                verdict=decision.verdict,
                not_before=decision.not_before,
                reasons=decision.reasons,
            )
        )
    else:
        console = open_console()
        console.print(_FORESEEN[decision.turn])
        for drawn in draw_reasons(decision.reasons):
            console.print(drawn)
    if decision.turn in {Turn.REJECTED, Turn.SUPERSEDED}:
        raise typer.Exit(ExitCode.REJECTED)


def _draw(found: _Queue) -> RenderableType:
    lines: list[RenderableType] = []
    if found.running:
        lines.append(Text(f"Running: {found.running}"))
    if found.to_finish:
        lines.append(
            Text(f"Ended, and is put right once SageMaker stands still: {found.to_finish}")
        )
    if found.unreadable:
        lines.append(
            Text(
                f"Holds the endpoint, and can't be read: {found.unreadable}. It ends once its execution"
                f" is gone; at once: switchover unclaim {found.endpoint} --reason '…'"
            )
        )
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
