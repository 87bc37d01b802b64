"""`switchover doctor`: what is held, and what is left over; it changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict
from rich.text import Text

from switchover_cli.console import open_console
from switchover_cli.deployment import find_deployment, open_session
from switchover_cli.doctor.findings import Finding, diagnose
from switchover_cli.doctor.reading import Doctor, Unseen
from switchover_cli.doctor.screen import draw_finding, draw_held, sum_up
from switchover_cli.doctor.seen import Holding, tell_held
from switchover_cli.exits import ExitCode
from switchover_cli.following import print_json
from switchover_cli.options import DEFAULT_STACK, Json, Local, Stack


class DoctorRecord(BaseModel):
    """What `doctor --json` prints. Nothing that is in `unseen` was looked at whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    held: tuple[Holding, ...]
    findings: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]


def doctor(
    *,
    within: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Look for so long at most.")
    ] = 60,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Show what is held, by whom, since when; and what is left over, with the command that mends it.

    It only reads, and may be run at any time. The exit code is 0 if nothing was found, 5 if something
    was, 1 if nothing was found but not everything could be seen.
    """
    deployment = find_deployment(stack, open_session(local=local))
    examination = Doctor(deployment, within)
    seen = examination.look()
    held, findings, unseen = tell_held(seen), diagnose(seen), tuple(examination.unseen)
    if json:
        print_json(DoctorRecord(at=seen.now, held=held, findings=findings, unseen=unseen))
    else:
        _draw(seen.now, held, findings, unseen)
    if findings:
        raise typer.Exit(ExitCode.NEEDS_OPERATOR)
    if unseen:
        raise typer.Exit(ExitCode.UNEXPECTED)


def _draw(
    now: datetime,
    held: tuple[Holding, ...],
    findings: tuple[Finding, ...],
    unseen: tuple[Unseen, ...],
) -> None:
    console = open_console()
    # A command is one line however narrow the terminal is, so that it can be copied.
    whole = open_console(soft_wrap=True)
    console.print(draw_held(held, now))
    for number, finding in enumerate(findings, start=1):
        console.print()
        console.print(draw_finding(number, finding))
        for command in finding.commands:
            whole.print(Text(f"   {command}", style="cyan"))
    if unseen:
        console.print()
    for each in unseen:
        console.print(Text(f"not seen: {each.part}: {each.why}", style="yellow"))
    console.print()
    console.print(sum_up(findings, unseen))
