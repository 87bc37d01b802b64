"""`switchover rollback`: back to what served before, whatever runs at the moment."""

from collections.abc import Iterator
from typing import Annotated, assert_never
from uuid import uuid4

import typer

from switchover.domain.aborting import InFlight, Objection, answer_rollback
from switchover.domain.fleet import EndpointReading
from switchover.domain.outcome import Outcome
from switchover.domain.planning import choose_earlier
from switchover.domain.plans.plan import Kind
from switchover.domain.served import Served
from switchover.domain.update.request import Request
from switchover.domain.update.update import Update
from switchover_cli.commands.abort import say_next_step, stop_for
from switchover_cli.connect import connect
from switchover_cli.deployment import Deployment
from switchover_cli.drift import draw_drift, read_drift
from switchover_cli.errors import Misused
from switchover_cli.exits import ExitCode
from switchover_cli.options import (
    DEFAULT_STACK,
    Endpoint,
    Json,
    Local,
    Stack,
    Why,
    check_version,
    complete_version,
)
from switchover_cli.output import open_console, print_json
from switchover_cli.records import StartRecord, record_update
from switchover_cli.start.starting import rollback_request, start_update
from switchover_cli.watching.ending import (
    exit_code_of,
    exit_code_of_abort,
    report_started,
    show_to_end,
)


def rollback(
    endpoint: Endpoint,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            callback=check_version,
            autocompletion=complete_version,
            help="The version to return to; by default the last before.",
        ),
    ] = None,
    reason: Why = "",
    watch: Annotated[bool, typer.Option(help="Follow it to its outcome.")] = True,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Take an endpoint back to a version that served it before; an update that runs is called off."""
    request = rollback_request(endpoint, to, reason)
    deployment = connect(stack, local=local)
    running = find_running(deployment, endpoint)
    if running is not None:
        _turn_back(deployment, running, request, is_watched=watch, is_json=json)
    drift = read_drift(deployment, deployment.sagemaker.read(endpoint))
    if drift is not None and not json:
        console = open_console(soft_wrap=True)
        console.print(draw_drift(drift))
        console.print(
            f"This rollback goes to {to or f'{drift.good_version} ({drift.good_config})'}."
        )
    update_id = start_update(deployment, request, uuid4().hex)
    report_started(deployment, update_id, None, is_watched=watch, is_json=json, drift=drift)


def _turn_back(
    deployment: Deployment, running: Update, request: Request, *, is_watched: bool, is_json: bool
) -> None:
    """Have an update that runs go back; returns if it ended Updated before it could.

    Raises:
        Misused: it takes two steps.
        Exit: it went back, or nobody watches.
    """
    answer = answer_rollback(running, request.to)
    if isinstance(answer, Objection):
        raise Misused(f"{running.update_id} runs. {answer.why}", answer.remedy)
    why = request.reason.strip() or "a rollback was asked for while it ran"
    if answer is InFlight.CALL_OFF:
        stop_for(deployment, running, why)
    if not is_json:
        console = open_console(soft_wrap=True)
        for line in _say_what_happens(deployment, running, answer):
            console.print(line)
    if not is_watched:
        if is_json:
            print_json(StartRecord(update_id=running.update_id, release=None))
        raise typer.Exit(ExitCode.DONE)
    last = show_to_end(deployment, running.update_id, is_json=is_json)
    ended = last.update
    has_gone_back = running.kind is Kind.ROLLBACK or ended.outcome is not Outcome.UPDATED
    if has_gone_back:
        if is_json:
            print_json(record_update(ended, last.timeline, last.drift))
        code_of = exit_code_of if running.kind is Kind.ROLLBACK else exit_code_of_abort
        raise typer.Exit(code_of(ended.outcome or Outcome.NEEDS_OPERATOR))
    if not is_json:
        console.print("It had passed everything already: a rollback starts now.")


def _say_what_happens(deployment: Deployment, running: Update, answer: InFlight) -> Iterator[str]:
    name = running.update_id
    match answer:
        case InFlight.FOLLOW:
            yield f"{name} is going back already."
        case InFlight.AFTERWARDS:
            yield f"{name} has passed everything, and is being recorded: a rollback follows."
        case InFlight.CALL_OFF:
            yield f"{name} runs, and is called off: nobody has to wait for it."
            yield say_next_step(running)
            if not running.progress.is_started:
                yield "What serves now goes on serving."
                if leads_further_back(deployment, running.endpoint):
                    yield f"Further back, when this is over: switchover rollback {running.endpoint}"
        case _:
            assert_never(answer)


def leads_further_back(deployment: Deployment, endpoint: str) -> bool:
    """Whether a version served before the one that serves now."""
    reading = deployment.sagemaker.read(endpoint)
    served = deployment.ledger.served(endpoint)
    return isinstance(reading, EndpointReading) and isinstance(
        choose_earlier(served, reading.config_name, None), Served
    )


def find_running(deployment: Deployment, endpoint: str) -> Update | None:
    """The update that an execution carries on for an endpoint just now, if its record can be read."""
    holder = deployment.ledger.claim(endpoint)
    if holder is None or not deployment.workflow.is_running(holder.execution_arn):
        return None
    update = deployment.ledger.find(holder.update_id)
    is_over = update is None or update.outcome is not None or update.record.is_unreadable
    return None if is_over else update
