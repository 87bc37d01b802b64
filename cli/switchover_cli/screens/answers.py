"""How the answers to golden requests look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from switchover.domain.units import say_count
from switchover_cli.screens.update import GOLDEN_STYLES

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.golden.results import GoldenResult, Judgement

_US_PER_SECOND = 1_000_000


def draw_answers(judged: Judgement, endpoint: str, config: str) -> RenderableType:
    """A row for each request, then the faults of each answer."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("request", style="bold", overflow="fold")
    for column in ("status", "latency", "first token", "tokens/s"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for result in judged.results:
        table.add_row(
            Text(result.name),
            _say_status(result),
            _say_seconds(result.latency_us),
            _say_seconds(result.first_token_us),
            f"{result.speed.tokens_per_second:.1f}" if result.speed else "–",
            Text(result.verdict, style=GOLDEN_STYLES[result.verdict]),
        )
    passed = sum(result.has_passed for result in judged.results)
    said = f"{passed} of {say_count(len(judged.results), 'golden request')} passed"
    faults = [_draw_faults(result) for result in judged.results if result.faults]
    return Group(Text(f"{endpoint} on {config}: {said}"), table, *faults)


def _draw_faults(result: GoldenResult) -> RenderableType:
    """Every fault of an answer; the faults quote the answer's text."""
    faults = [Padding(Text(fault), (0, 0, 0, 2)) for fault in result.faults]
    return Group(Text(), Text.assemble((result.name, "bold"), " ", _say_tries(result)), *faults)


def _say_status(result: GoldenResult) -> str:
    if result.status is None:
        return "–"
    return str(result.status or "none")


def _say_tries(result: GoldenResult) -> str:
    return "(asked twice)" if result.tries > 1 else ""


def _say_seconds(us: int | None) -> str:
    return "–" if us is None else f"{us / _US_PER_SECOND:.2f} s"
