"""The exponent by which one figure grows with another."""

from __future__ import annotations

from math import log
from statistics import linear_regression
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def exponent(points: Iterable[tuple[float, float]]) -> float:
    """The slope of the logarithms, by least squares: 0 is constant, 1 proportional."""
    logs = [(log(size), log(cost)) for size, cost in points if size > 0 and cost > 0]
    sizes, costs = zip(*logs, strict=True)
    return linear_regression(sizes, costs).slope


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows in Markdown, numbers to the right."""
    lines = [heads, ["---", *("---:" for _ in heads[1:])], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def table_with_exponents(
    heads: Sequence[str], rows: Sequence[Sequence[float]], digits: Sequence[int]
) -> str:
    """A table whose last lines have each column's exponent over the first: of all rows, of the last two.

    A constant part lowers the fitted exponent; the last step shows the growth at the large end.
    """
    drawn = [
        [f"{value:,.{places}f}" for value, places in zip(row, digits, strict=True)] for row in rows
    ]
    fitted = {
        "exponent, fitted": rows,
        "exponent, last step": rows[-2:],
    }
    last = [
        [
            name,
            *(
                f"{exponent((row[0], row[column]) for row in some):.2f}"
                for column in range(1, len(heads))
            ),
        ]
        for name, some in fitted.items()
    ]
    return table(heads, [*drawn, *last])
