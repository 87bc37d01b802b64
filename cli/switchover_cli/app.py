"""The `switchover` command: what people type, and how it ends."""

import atexit
import gc
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text
from typer.exceptions import TyperException

from switchover.lean import leave_out_plugins
from switchover_cli.errors import CommandFailed, Interrupted, Misused, Refused
from switchover_cli.exits import MEANINGS, ExitCode
from switchover_cli.hints import forget_options
from switchover_cli.loading import Commands
from switchover_cli.output import open_console

_EXIT_CODES = "\n\n".join(f"{code.value:>4}  {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    name="switchover",
    cls=Commands,
    help="Replace the model behind a live SageMaker endpoint, and see how it really went.",
    epilog=(
        f"[bold]Exit codes[/]\n\n{_EXIT_CODES}\n\n"
        "--debug, anywhere in a command, shows the traceback of a failure."
    ),
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(is_asked: bool) -> None:  # noqa: FBT001  (typer hands the value over alone)
    if is_asked:
        from importlib.metadata import version

        open_console().print(f"Switchover {version('switchover')}")
        raise typer.Exit


@app.callback(no_args_is_help=True)
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Print the version."),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Failures are one message on stderr."""
    if arguments is None:
        # Almost nothing that a command loads becomes garbage. The garbage collector would take a quarter
        # of a short command's time, some of it at exit.
        gc.set_threshold(500_000)
        atexit.register(gc.freeze)
        leave_out_plugins()
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_debug = "--debug" in given
    forget_options()
    try:
        ended = typer.main.get_command(app)(
            args=[argument for argument in given if argument != "--debug"],
            prog_name="switchover",
            standalone_mode=False,
        )
    except Exception as error:  # noqa: BLE001  (the last place: every failure becomes one message)
        if is_debug:
            open_console(stderr=True, soft_wrap=True).print(traceback.format_exc())
        return _end(error)
    except KeyboardInterrupt:
        return _tell(Interrupted("Stopped."))
    return ended if isinstance(ended, int) else ExitCode.DONE


def _end(error: Exception) -> int:
    match error:
        case CommandFailed():
            return _tell(error)
        case typer.Abort():
            return _tell(Interrupted("Stopped."))
        case TyperException() if not error.format_message():
            # Typer raises this after it has printed the help of a group.
            return ExitCode.DONE
        case TyperException():
            at = getattr(error, "ctx", None)
            help_of = at.command_path if at is not None else "switchover"
            return _tell(Misused(error.format_message(), f"See: {help_of} --help"))
        case _:
            # The SDK's errors take long to load, so they are loaded only after a failure.
            from switchover_cli.refusals import understand

            return _tell(understand(error))


def _tell(failure: CommandFailed) -> int:
    console = open_console(stderr=True)
    console.print(Text.assemble(("Error: ", "bold red"), failure.message), soft_wrap=True)
    if isinstance(failure, Refused):
        from switchover_cli.screens.reasons import draw_reasons

        for drawn in draw_reasons(failure.reasons):
            console.print(drawn)
    if failure.remedy:
        console.print(Text(failure.remedy, style="cyan"), soft_wrap=True)
    return failure.exit_code
