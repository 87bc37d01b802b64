"""What `make faults` prints: per kind of fault a row for each place, a column for each way to fail."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from rich.table import Table
from tests.support.faults.kinds import Kind

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.faults.runs import Result

WIDTH = 120
_LETTERS = {
    None: "–",
    Outcome.UPDATED: "U",
    Outcome.ROLLED_BACK: "R",
    Outcome.REJECTED: "J",
    Outcome.NEEDS_OPERATOR: "N",
}
LEGEND = (
    "U Updated   R RolledBack   J Rejected   N NeedsOperator   – nothing started"
    "   ✓ invariants held   ✗ one broke   · no case   2✓ so many cases"
)
# A crash of a function uses the columns of a timed-out call: it acted, or it didn't.
_COLUMNS = {
    f"{crash} {how}": f"{alike} {how}"
    for crash, alike in (
        (Kind.CRASH_BEFORE, Kind.NO_CONNECTION),
        (Kind.CRASH_AFTER, Kind.LOST_ANSWER),
    )
    for how in ("once", "ever")
}
_SHORT = {
    "deleted": "gone",
    "deregistered": "gone",
    "previous": "prev.",
    "release.json": "release",
}
_TITLES = {
    "failure": "A call or a function fails",
    "late": "A call takes effect after its caller was given up",
    "storm": "An operation is throttled many times in a row",
    "stop": "The execution is stopped, and its recovery too",
    "outside": "Somebody deletes or changes what the update stands on",
    "pair": "Two faults in one update, by the first one's state",
}


def draw(family: str, results: Iterable[Result]) -> Table:
    """One kind of fault."""
    cells: dict[tuple[str, str], dict[str, list[Result]]] = defaultdict(lambda: defaultdict(list))
    columns: dict[str, None] = {}
    for result in results:
        row, column = _place(result)
        cells[row][column].append(result)
        columns[column] = None
    table = Table(
        title=_TITLES[family],
        title_justify="left",
        box=None,
        header_style="dim",
        padding=(0, 1, 0, 0),
    )
    table.add_column("state", no_wrap=True)
    has_calls = any(what for _, what in cells)
    if has_calls:
        table.add_column("call", no_wrap=True)
    for column in columns:
        words = [_SHORT.get(word, word) for word in column.split()]
        table.add_column("\n".join(words), justify="center", no_wrap=True, vertical="bottom")
    last = ""
    for state, what in _sorted(cells):
        if last and has_calls and state != last:
            table.add_section()
        named = [state if state != last else ""] + ([what] if has_calls else [])
        found = cells[state, what]
        table.add_row(*named, *(_cell(found.get(column, [])) for column in columns))
        last = state
    return table


def sum_up(results: list[Result]) -> str:
    """How many runs ended how."""
    ends = Counter(_LETTERS.get(result.outcome, "?") for result in results)
    broken = sum(bool(result.broken) for result in results)
    told = "  ".join(f"{letter} {count}" for letter, count in sorted(ends.items()))
    return f"{len(results)} runs: {told}; invariants broke in {broken}"


def _place(result: Result) -> tuple[tuple[str, str], str]:
    first, *others = result.case.faults
    if others:
        return (first.state, ""), f"{others[0].family} second"
    return (first.state, first.what), _COLUMNS.get(first.how, first.how)


def _sorted(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """States in the order in which updates come to them, and the calls of a state together."""
    found = list(rows)
    order = {state: place for place, state in enumerate(dict.fromkeys(s for s, _ in found))}
    return sorted(found, key=lambda row: (order[row[0]], row[1]))


def _cell(results: list[Result]) -> str:
    if not results:
        return "·"
    letters = "".join(sorted({_LETTERS.get(result.outcome, "?") for result in results}))
    count = str(len(results)) if len(results) > 1 else letters
    is_broken = any(result.broken for result in results)
    return f"[red]{count} ✗[/]" if is_broken else f"{count} [green]✓[/]"
