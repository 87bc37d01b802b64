"""What every command does at its end: follow the update to its outcome, or say how to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.text import Text

from switchover.domain.outcome import Outcome
from switchover_cli.console import open_console, print_document
from switchover_cli.exits import exit_code_of, exit_code_of_abort
from switchover_cli.records import StartRecord, record_update
from switchover_cli.screen import draw_outcome
from switchover_cli.watching import follow

if TYPE_CHECKING:
    from pydantic import BaseModel

    from switchover.domain.update import Update
    from switchover_cli.deployment import Deployment


def print_json(record: BaseModel) -> None:
    """Print one record for machines."""
    print_document(record.model_dump_json(indent=2))


def follow_to_exit(
    deployment: Deployment, update_id: str, *, is_json: bool, is_called_off: bool = False
) -> None:
    """Show an update until it is over, and exit with its outcome's code.

    One that was called off has done as asked if it didn't arrive.
    """
    ended = show_to_end(deployment, update_id, is_json=is_json)
    if is_json:
        print_json(record_update(ended, deployment.ledger.timeline(update_id)))
    code_of = exit_code_of_abort if is_called_off else exit_code_of
    raise typer.Exit(code_of(ended.outcome or Outcome.NEEDS_OPERATOR))


def show_to_end(deployment: Deployment, update_id: str, *, is_json: bool) -> Update:
    """Show an update until it is over, and return it; for machines nothing is shown."""
    console = open_console()
    scene = follow(deployment, update_id, console, is_quiet=is_json)
    if not is_json:
        console.print()
        console.print(draw_outcome(scene.update))
    return scene.update


def report_started(
    deployment: Deployment, update_id: str, release: str | None, *, is_watched: bool, is_json: bool
) -> None:
    """Follow what was just started, or say how to."""
    if is_watched:
        follow_to_exit(deployment, update_id, is_json=is_json)
    elif is_json:
        print_json(StartRecord(update_id=update_id, release=release))
    else:
        console = open_console(soft_wrap=True)
        console.print(Text.assemble("Started ", (update_id, "bold"), "."))
        console.print(f"Follow it: switchover watch --update {update_id}")
