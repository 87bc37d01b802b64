"""`switchover rollback`: return to an earlier version, even while an update runs."""

from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from switchover_cli.connect import connect
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

if TYPE_CHECKING:
    from switchover.domain.update.request import Request
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


def rollback(
    endpoint: Endpoint,
    *,
    to: Annotated[
        str | None,
        typer.Option(
            callback=check_version,
            autocompletion=complete_version,
            help="The version to return to; default: the previous one.",
        ),
    ] = None,
    reason: Why = "",
    watch: Annotated[bool, typer.Option(help="Follow the update to its outcome.")] = True,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Return an endpoint to an earlier version; a running update is aborted."""
    from switchover_cli.drift import draw_drift, read_drift
    from switchover_cli.running import find_running
    from switchover_cli.start.starting import rollback_request, start_update
    from switchover_cli.watching.ending import report_started

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
    deployment: "Deployment",
    running: "Update",
    request: "Request",
    *,
    is_watched: bool,
    is_json: bool,
) -> None:
    """Make a running update roll back; returns if the update ended as Updated first.

    Raises:
        Misused: the way to the asked version takes two steps.
        Exit: the update rolled back, or isn't followed.
    """
    from switchover.domain.outcome import Outcome
    from switchover.domain.plans.plan import Kind
    from switchover_cli.records import StartRecord, record_update
    from switchover_cli.screens.rolling_back import say_turning_back
    from switchover_cli.steering.rolling_back import has_gone_back, leads_further_back, turn_back
    from switchover_cli.watching.ending import exit_code_of, exit_code_of_abort, show_to_end

    answer = turn_back(deployment, running, request)
    console = open_console(soft_wrap=True, quiet=is_json)
    leads_on = not is_json and leads_further_back(deployment, running)
    for line in say_turning_back(running, answer, leads_further_back=leads_on):
        console.print(line)
    if not is_watched:
        if is_json:
            print_json(StartRecord(update_id=running.update_id, release=None))
        raise typer.Exit(ExitCode.DONE)
    last = show_to_end(deployment, running.update_id, is_json=is_json)
    if has_gone_back(running, last.update):
        if is_json:
            print_json(record_update(last.update, last.timeline, last.drift))
        code_of = exit_code_of if running.kind is Kind.ROLLBACK else exit_code_of_abort
        raise typer.Exit(code_of(last.update.outcome or Outcome.NEEDS_OPERATOR))
    console.print("The update had already ended as Updated: a rollback starts now.")
