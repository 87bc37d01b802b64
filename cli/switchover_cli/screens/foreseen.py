"""How the predicted result of a start looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from switchover_cli.plan.forecast import Answer
from switchover_cli.plan.words import state_start
from switchover_cli.screens.reasons import draw_reasons

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_cli.plan.forecast import Forecast

_SAID = {
    Answer.STARTS: "It would start now.",
    Answer.QUEUED: "It would be Queued.",
    Answer.SUPERSEDED: "It would be Superseded.",
    Answer.REJECTED: "It would be Rejected.",
}


def draw_foreseen(forecast: Forecast) -> RenderableType:
    """The answer, every reason for it, and the facts of the start."""
    facts = Table.grid(padding=(0, 2))
    for fact in state_start(forecast):
        if fact.name != "starts":
            facts.add_row(Text(fact.name, style="dim"), Text(fact.text))
    said = Text(_SAID[forecast.answer])
    return Group(said, *draw_reasons(forecast.reasons), *([facts] if facts.row_count else ()))
