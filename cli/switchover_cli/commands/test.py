"""`switchover test`: send the golden requests to the serving model by hand."""

from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.exits import ExitCode
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json


def ask_golden(
    endpoint: Endpoint,
    *,
    golden: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|KEY",
            help="A golden file, local or in the model bucket; default: tests.golden of the policy.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this request; may be repeated.")
    ] = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Send the golden requests to the serving model and judge the answers; they count as traffic."""
    from switchover.domain.golden.assessing import GoldenVerdict
    from switchover.domain.units import say_count
    from switchover_cli.golden.asking import examine, prepare_examination, record_answers
    from switchover_cli.screens.answers import draw_answers

    deployment = connect(stack, local=local)
    examination = prepare_examination(deployment, endpoint, golden, only or ())
    asking = say_count(len(examination.questions), "golden request")
    with open_console(stderr=True).status(f"Asking {asking}"):
        judged = examine(deployment, examination)
    if json:
        print_json(record_answers(examination, judged))
    else:
        open_console().print(draw_answers(judged, endpoint, examination.config))
    if judged.verdict is not GoldenVerdict.PASSED:
        raise typer.Exit(ExitCode.WRONG_ANSWERS)
