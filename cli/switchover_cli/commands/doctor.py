"""`switchover doctor`: what is held, and what is left over; it changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict
from rich.text import Text

from switchover_cli.connect import connect
from switchover_cli.doctor.findings import Finding, diagnose
from switchover_cli.doctor.reading import Doctor, Unseen
from switchover_cli.doctor.seen import Holding, tell_held
from switchover_cli.exits import ExitCode
from switchover_cli.options import DEFAULT_STACK, Json, Local, Stack
from switchover_cli.output import open_console, print_json
from switchover_cli.screens.findings import draw_finding, draw_held, draw_note, sum_up

# Nobody subscribes an address to a local cloud, which sends no mail.
_NORMAL_LOCALLY = frozenset({"topic.unheard"})


class DoctorRecord(BaseModel):
    """What `doctor --json` prints. Nothing that is in `unseen` was looked at whole.

    `notes` would be findings on AWS, and are normal on a local cloud.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    held: tuple[Holding, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
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
    deployment = connect(stack, local=local)
    examination = Doctor(deployment, within)
    seen = examination.look()
    found = diagnose(seen)
    normal = _NORMAL_LOCALLY if deployment.is_local else frozenset[str]()
    record = DoctorRecord(
        at=seen.now,
        held=tell_held(seen),
        findings=tuple(each for each in found if each.code not in normal),
        notes=tuple(each for each in found if each.code in normal),
        unseen=tuple(examination.unseen),
    )
    if json:
        print_json(record)
    else:
        _draw(record)
    if record.findings:
        raise typer.Exit(ExitCode.NEEDS_OPERATOR)
    if record.unseen:
        raise typer.Exit(ExitCode.UNEXPECTED)


def _draw(record: DoctorRecord) -> None:
    console = open_console()
    # A command is one line however narrow the terminal is, so that it can be copied.
    whole = open_console(soft_wrap=True)
    console.print(draw_held(record.held, record.at))
    for number, finding in enumerate(record.findings, start=1):
        console.print()
        console.print(draw_finding(number, finding))
        for command in finding.commands:
            whole.print(Text(f"   {command}", style="cyan"))
    if record.notes or record.unseen:
        console.print()
    for note in record.notes:
        console.print(draw_note(note))
    for each in record.unseen:
        console.print(Text(f"not seen: {each.part}: {each.why}", style="yellow"))
    console.print()
    console.print(sum_up(record.findings, record.unseen))
