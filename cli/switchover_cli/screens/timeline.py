"""An update drawn over time: both fleets, the new fleet's share of traffic, the phases."""

from __future__ import annotations

from itertools import groupby
from math import ceil
from typing import TYPE_CHECKING

from switchover_cli.words import say_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from switchover.domain.plans.timeline import Phase

_BARS = " ▁▂▃▄▅▆▇█"
_LABEL_WIDTH = 12
# After the last phase: a line, and space for `100%`.
_END_WIDTH = 5
# The numbers of closer ticks would overlap.
_TICK_COLUMNS = 9
_TICK_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 240)
_SHORT_NAMES = {
    "launching": ("launch", "l"),
    "activating": ("shift", "s"),
    "baking": ("bake", "b"),
    "terminating": ("end", "t"),
}


def draw_timeline(phases: Sequence[Phase], *, width: int) -> tuple[str, ...]:
    """Draw an update as lines of plain text, none longer than `width`.

    A bar's height is a fleet's size relative to the larger fleet; the number under it is its instances. A
    phase shorter than half a column may have no column: the list of phases below names every phase.
    """
    lasting = tuple(phase for phase in phases if phase.seconds > 0)
    columns = width - _LABEL_WIDTH - _END_WIDTH
    total_seconds = sum(phase.seconds for phase in lasting)
    drawn = _spread(lasting, columns, total_seconds)
    full = max(max(phase.old_instances, phase.new_instances) for phase in lasting)
    instances = lasting[-1].new_instances
    end = _BARS[-1] * (_END_WIDTH - 1)
    rows = (
        ("minutes", _number_ticks(columns, total_seconds), ""),
        ("", _draw_axis(columns, total_seconds), ""),
        ("old fleet", _draw_bars(drawn, lambda phase: phase.old_instances / full), "│"),
        ("", _draw_numbers(drawn, lambda phase: str(phase.old_instances)), "│0"),
        ("new fleet", _draw_bars(drawn, lambda phase: phase.new_instances / full), f"│{end}"),
        ("", _draw_numbers(drawn, lambda phase: str(phase.new_instances)), f"│{instances}"),
        ("new traffic", _draw_bars(drawn, lambda phase: phase.new_share), f"│{end}"),
        ("", _draw_numbers(drawn, lambda phase: f"{phase.new_share:.0%}"), "│100%"),
        ("phases", _draw_names(drawn), "│done"),
    )
    return tuple(
        f"{label:<{_LABEL_WIDTH}}{row:<{columns}}{end}".rstrip() for label, row, end in rows
    )


def sum_phases(phases: Sequence[Phase]) -> str:
    """Say each phase once with its length: `4 × launching 6 min, 4 × baking 5 min`."""
    counts: dict[tuple[str, int], int] = {}
    for phase in phases:
        if phase.seconds > 0:
            key = (phase.name.value, phase.seconds)
            counts[key] = counts.get(key, 0) + 1
    return ", ".join(
        f"{f'{count} × ' if count > 1 else ''}{name} {say_duration(seconds)}"
        for (name, seconds), count in counts.items()
    )


def _spread(phases: Sequence[Phase], columns: int, total_seconds: int) -> tuple[Phase, ...]:
    """The phase at the middle of each column."""
    ends: list[tuple[float, Phase]] = []
    passed = 0
    for phase in phases:
        passed += phase.seconds
        ends.append((passed, phase))
    middles = ((column + 0.5) * total_seconds / columns for column in range(columns))
    return tuple(next(phase for end, phase in ends if middle < end) for middle in middles)


def _number_ticks(columns: int, total_seconds: int) -> str:
    row = [" "] * columns
    for column, minutes in _ticks(columns, total_seconds):
        text = str(minutes)
        if column + len(text) <= columns:
            row[column : column + len(text)] = text
    return "".join(row)


def _draw_axis(columns: int, total_seconds: int) -> str:
    row = ["─"] * columns
    for column, _ in _ticks(columns, total_seconds):
        row[column] = "┬"
    row[0], row[-1] = "┌", "┐"
    return "".join(row)


def _ticks(columns: int, total_seconds: int) -> list[tuple[int, int]]:
    per_column = total_seconds / columns / 60
    fitting = (step for step in _TICK_MINUTES if step / per_column >= _TICK_COLUMNS)
    step = next(fitting, ceil(_TICK_COLUMNS * per_column))
    count = int(total_seconds / 60 / step) + 1
    places = ((int(number * step / per_column), number * step) for number in range(count))
    return [(column, minutes) for column, minutes in places if column < columns]


def _draw_bars(drawn: Sequence[Phase], share: Callable[[Phase], float]) -> str:
    return "".join(_BARS[ceil(share(phase) * (len(_BARS) - 1))] for phase in drawn)


def _draw_numbers(drawn: Sequence[Phase], say: Callable[[Phase], str]) -> str:
    """Each value at its first column, unless the text of the value before covers it."""
    row = ""
    column = 0
    for text, run in groupby(drawn, say):
        length = len(tuple(run))
        is_clear = not row or column > len(row)
        if is_clear and column + len(text) <= len(drawn):
            row = f"{row:<{column}}{text}"
        column += length
    return row


def _draw_names(drawn: Sequence[Phase]) -> str:
    runs = [(phases[0].name.value, len(phases)) for phases in _runs(drawn)]
    narrowest: dict[str, int] = {}
    for name, columns in runs:
        narrowest[name] = min(columns - 1, narrowest.get(name, columns))
    row = ""
    for name, columns in runs:
        # Equal phases get equal names, so the narrowest decides; names are shortened only at the end.
        room = min(max(narrowest[name], 1), columns - 1)
        text = next((text for text in (name, *_SHORT_NAMES[name]) if len(text) <= room), "")
        row += f"│{text:<{columns - 1}}"
    return row


def _runs(drawn: Sequence[Phase]) -> list[tuple[Phase, ...]]:
    return [tuple(run) for _, run in groupby(drawn, id)]
