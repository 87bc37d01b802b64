"""The end of every command: follow the update to its outcome, or say how to."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import typer
from rich.text import Text

from switchover.domain.outcome import Outcome
from switchover_cli.exits import ExitCode
from switchover_cli.output import open_console, print_json
from switchover_cli.records import StartRecord, record_update
from switchover_cli.screens.update import draw_outcome
from switchover_cli.watching.follow import follow

if TYPE_CHECKING:
    from switchover.domain.adoption import Drift
    from switchover_cli.deployment import Deployment
    from switchover_cli.scene import Scene


def follow_to_exit(
    deployment: Deployment, update_id: str, *, is_json: bool, is_called_off: bool = False
) -> None:
    """Show an update until it is over, and exit with its outcome's code.

    An aborted update succeeded if it didn't end as Updated.
    """
    ended = show_to_end(deployment, update_id, is_json=is_json)
    if is_json:
        print_json(record_update(ended.update, ended.timeline, ended.drift))
    code_of = exit_code_of_abort if is_called_off else exit_code_of
    raise typer.Exit(code_of(ended.update.outcome or Outcome.NEEDS_OPERATOR))


def show_to_end(deployment: Deployment, update_id: str, *, is_json: bool) -> Scene:
    """Show an update until it is over, and return the last reading; with --json nothing is shown."""
    console = open_console()
    scene = follow(deployment, update_id, console, is_quiet=is_json)
    if not is_json:
        console.print()
        console.print(draw_outcome(scene.update))
    return scene


def report_started(
    deployment: Deployment,
    update_id: str,
    release: str | None,
    *,
    is_watched: bool,
    is_json: bool,
    drift: Drift | None = None,
) -> None:
    """Follow the update that was just started, or say how to."""
    if is_watched:
        follow_to_exit(deployment, update_id, is_json=is_json)
    elif is_json:
        print_json(StartRecord(update_id=update_id, release=release, drift=drift))
    else:
        console = open_console(soft_wrap=True)
        console.print(Text.assemble("Started ", (update_id, "bold"), "."))
        console.print(f"Follow it: switchover watch --update {update_id}")


def exit_code_of(outcome: Outcome) -> ExitCode:
    """The exit code of a command that followed an update to its outcome."""
    match outcome:
        case Outcome.UPDATED | Outcome.QUEUED:
            return ExitCode.DONE
        case Outcome.REJECTED | Outcome.SUPERSEDED:
            return ExitCode.REJECTED
        case Outcome.ROLLED_BACK:
            return ExitCode.ROLLED_BACK
        case Outcome.NEEDS_OPERATOR:
            return ExitCode.NEEDS_OPERATOR
        case _:
            assert_never(outcome)


def exit_code_of_abort(outcome: Outcome) -> ExitCode:
    """The exit code of a command that aborted an update and followed it.

    RolledBack and Rejected are a success; an update that ended as Updated was not stopped.
    """
    match outcome:
        case Outcome.ROLLED_BACK | Outcome.REJECTED:
            return ExitCode.DONE
        case Outcome.UPDATED:
            return ExitCode.UNEXPECTED
        case _:
            return exit_code_of(outcome)
