"""`switchover start --dry-run`: the answer of `switchover plan`, without the plan."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import typer
from pydantic import BaseModel
from rich.table import Table
from rich.text import Text

from switchover.domain.reasons import Reason
from switchover_cli.exits import ExitCode
from switchover_cli.output import open_console, print_json
from switchover_cli.plan.candidate import read_stored
from switchover_cli.plan.forecast import Answer, Running
from switchover_cli.plan.proposal import propose
from switchover_cli.plan.words import state_start
from switchover_cli.screens.reasons import draw_reasons

if TYPE_CHECKING:
    from switchover.domain.update.request import Request
    from switchover_cli.deployment import Deployment

_SAID = {
    Answer.STARTS: "It would start now.",
    Answer.QUEUED: "It would be Queued.",
    Answer.SUPERSEDED: "It would be Superseded.",
    Answer.REJECTED: "It would be Rejected.",
}


class ForeseenRecord(BaseModel):
    """What `start --dry-run --json` prints."""

    verdict: Answer
    not_before: datetime | None
    reasons: tuple[Reason, ...]
    running: Running | None


def report_foreseen(deployment: Deployment, request: Request, *, is_json: bool) -> None:
    """Say what would come of a start, by everything that `plan` looks at; nothing is changed.

    Raises:
        Exit: it would not be started, now or later: the exit code that such an end has.
    """
    forecast = propose(deployment, read_stored(deployment, request)).forecast
    if is_json:
        print_json(
            ForeseenRecord(
                verdict=forecast.answer,
                not_before=forecast.not_before,
                reasons=forecast.reasons,
                running=forecast.running,
            )
        )
    else:
        console = open_console()
        console.print(_SAID[forecast.answer])
        for drawn in draw_reasons(forecast.reasons):
            console.print(drawn)
        facts = Table.grid(padding=(0, 2))
        for fact in state_start(forecast):
            if fact.name != "starts":
                facts.add_row(Text(fact.name, style="dim"), Text(fact.text))
        if facts.row_count:
            console.print(facts)
    if forecast.is_refusal:
        raise typer.Exit(ExitCode.REJECTED)
