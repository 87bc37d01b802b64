"""How a diagnosis looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from switchover.domain.units import say_count
from switchover_cli.output import open_console
from switchover_cli.words import say_duration, say_minute

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import RenderableType

    from switchover_cli.doctor.finding import Finding
    from switchover_cli.doctor.reading import Unseen
    from switchover_cli.doctor.record import DoctorRecord
    from switchover_cli.doctor.seen import Holding


def draw_held(held: tuple[Holding, ...], now: datetime) -> RenderableType:
    """Claims, places in queues and pins, each with its holder and since when."""
    if not held:
        return Text("There is no claim, no waiting update and no pin.")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for each in held:
        since = (
            f"for {say_duration((now - each.since).total_seconds())}"
            if each.since
            else "since an unknown time"
        )
        table.add_row(each.kind, Text.assemble((each.endpoint, "bold"), f", {since}"))
        table.add_row("", f"by {each.by}")
        table.add_row("", each.told)
    return table


def draw_finding(number: int, finding: Finding) -> RenderableType:
    """One finding with its evidence."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(justify="right", style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    what = Text(finding.subject, style="bold")
    what.append(f"  {finding.code}", style="not bold dim")
    grid.add_row(f"{number}.", what)
    since = f" Since {say_minute(finding.since)} UTC." if finding.since else ""
    grid.add_row("", Text(f"{finding.evidence}{since}"))
    return grid


def draw_note(note: Finding) -> Text:
    """Facts that are normal on a local cloud, but would be findings on AWS."""
    return Text(f"note: {note.evidence} This is normal on a local cloud.", style="dim")


def sum_up(findings: tuple[Finding, ...], unseen: tuple[Unseen, ...]) -> Text:
    """The summary, in the last line."""
    if findings:
        return Text(f"{say_count(len(findings), 'finding')}.", style="bold red")
    if unseen:
        return Text("Nothing was found in the parts that could be read.", style="yellow")
    return Text("Nothing was found.", style="green")


def print_examination(record: DoctorRecord) -> None:
    """Everything that was found, on the terminal."""
    console = open_console()
    # A command is never wrapped, so that it can be copied.
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
        console.print(Text(f"not read: {each.part}: {each.why}", style="yellow"))
    console.print()
    console.print(sum_up(record.findings, record.unseen))
