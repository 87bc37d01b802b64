"""`switchover policy check`: whether policy files are valid, without AWS."""

from pathlib import Path
from typing import Annotated

import typer

from switchover_cli.exits import ExitCode
from switchover_cli.options import Json
from switchover_cli.output import open_console, print_list


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Policy files.")],
    *,
    json: Json = False,
) -> None:
    """List every fault in policy files, without AWS."""
    from switchover_cli.policies.checking import check_policy
    from switchover_cli.screens.policy import draw_verdict

    verdicts = tuple(map(check_policy, files))
    if json:
        print_list(verdicts)
    else:
        console = open_console()
        for verdict in verdicts:
            console.print(
                draw_verdict(verdict.file, verdict.reasons, verdict.warnings), soft_wrap=True
            )
    if not all(verdict.is_right for verdict in verdicts):
        raise typer.Exit(ExitCode.REJECTED)
