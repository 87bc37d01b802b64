"""Every fault, everywhere: `python -m tests.statemachine.faults` prints how each update ended.

Each call of each state, and each function, fails in every way that it can, one at a time, once and for
ever, and the invariants are checked at the end of every run.
"""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track
from rich.table import Table
from tests.statemachine.faults_cases import FOR_EVER, ONCE, Result, find_cases, run
from tests.statemachine.faults_injected import CRASHES, Call, Fault, Kind

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH = 120
_LETTERS = {
    None: "–",
    Outcome.UPDATED: "U",
    Outcome.ROLLED_BACK: "R",
    Outcome.REJECTED: "J",
    Outcome.NEEDS_OPERATOR: "N",
}
_LEGEND = (
    "U Updated   R RolledBack   J Rejected   N NeedsOperator   – nothing started"
    "   ✓ invariants held   ✗ one broke   · no case"
)
# A function that crashes stands in the columns of a call that times out: it acted, or it didn't.
_CRASH_COLUMNS = {Kind.CRASH_BEFORE: Kind.NO_CONNECTION, Kind.CRASH_AFTER: Kind.LOST_ANSWER}
_COLUMNS = (*((kind, False) for kind in ONCE), *((kind, True) for kind in FOR_EVER))


def main() -> int:
    """Run every case; 1 if an invariant broke."""
    logging.disable()
    cases = find_cases()
    console = Console(width=_WIDTH)
    progress = Console(stderr=True)
    with ProcessPoolExecutor(os.cpu_count(), initializer=logging.disable) as workers:
        results = list(
            track(workers.map(run, cases), "Planting faults", len(cases), console=progress)
        )
    console.print(draw(results))
    console.print(_LEGEND, style="dim")
    broken = [result for result in results if result.broken]
    for result in broken:
        console.print(f"✗ {_name(result.case.fault)} [dim]({result.case.story})[/]", style="red")
        for invariant, found in result.broken.items():
            console.print(f"    {invariant}: {found}", highlight=False, soft_wrap=True)
    console.print(sum_up(results), style="bold")
    return 1 if broken else 0


def draw(results: Iterable[Result]) -> Table:
    """A row for each call, a column for each way to fail."""
    cells: dict[Call, dict[tuple[Kind, bool], str]] = defaultdict(dict)
    for result in results:
        fault = result.case.fault
        kind = _CRASH_COLUMNS.get(fault.kind, fault.kind)
        cells[fault.call][kind, fault.is_for_ever] = _cell(result)
    table = Table(box=None, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("state", no_wrap=True)
    table.add_column("call", no_wrap=True)
    for kind, is_for_ever in _COLUMNS:
        words = [*kind.split(), "ever" if is_for_ever else "once"]
        table.add_column("\n".join(words), justify="center", no_wrap=True, vertical="bottom")
    last = ""
    for call in _sorted(cells):
        if last and call.state != last:
            table.add_section()
        named = call.state if call.state != last else ""
        table.add_row(named, call.name, *(cells[call].get(column, "·") for column in _COLUMNS))
        last = call.state
    return table


def sum_up(results: list[Result]) -> str:
    """How many runs ended how."""
    ends = Counter(_LETTERS.get(result.outcome, "?") for result in results)
    broken = sum(bool(result.broken) for result in results)
    told = "  ".join(f"{letter} {count}" for letter, count in sorted(ends.items()))
    return f"{len(results)} runs: {told}; invariants broke in {broken}"


def _sorted(calls: Iterable[Call]) -> list[Call]:
    """States in the order in which updates come to them, and the calls of a state together."""
    found = list(calls)
    order = {state: place for place, state in enumerate(dict.fromkeys(c.state for c in found))}
    return sorted(found, key=lambda call: (order[call.state], call.service, call.operation))


def _cell(result: Result) -> str:
    letter = _LETTERS.get(result.outcome, "?")
    return f"[red]{letter} ✗[/]" if result.broken else f"{letter} [green]✓[/]"


def _name(fault: Fault) -> str:
    how = "for ever" if fault.is_for_ever else "once"
    kind = fault.kind if fault.kind in CRASHES else f"{fault.call.name} {fault.kind}"
    return f"{fault.call.state}: {kind}, {how}"


if __name__ == "__main__":
    sys.exit(main())
