"""The values of metric math: numbers, series of points, and arrays of series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Points: TypeAlias = dict[int, float]  # value by epoch second
Value: TypeAlias = "float | Points | list[Points]"
Compute: TypeAlias = "Callable[[float, float], float]"


class MathError(ValueError):
    """The expression can't be computed; the message says why."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The periods for which an expression is computed: [start, end) in steps."""

    start: int
    end: int
    period_seconds: int

    def moments(self) -> range:
        """The beginning of each period."""
        return range(self.start, self.end, self.period_seconds)


def measure(compute: Compute, left: float, right: float) -> float:
    """Compute a point. A point that can't be computed (0/0) is a missing point, not an error."""
    try:
        value = compute(left, right)
    except (ZeroDivisionError, OverflowError, ValueError):
        return math.nan
    return math.nan if isinstance(value, complex) else float(value)


def both(left: float, right: float) -> float:
    """AND of metric math."""
    return float(bool(left) and bool(right))


def either(left: float, right: float) -> float:
    """OR of metric math."""
    return float(bool(left) or bool(right))


def value_at(value: float | Points, moment: int) -> float | None:
    """The value of a number or a series at a moment; None if the series has none."""
    return value.get(moment) if isinstance(value, dict) else value


def repeat(points: Points, moments: range) -> Points:
    """Fill gaps with the value before."""
    filled: Points = {}
    last = None
    for t in moments:
        last = points.get(t, last)
        if last is not None:
            filled[t] = last
    return filled


def interpolate(points: Points, moments: range) -> Points:
    """Fill the gaps between values along a straight line."""
    known = sorted(points)
    filled = dict(points)
    for before, after in pairwise(known):
        slope = (points[after] - points[before]) / (after - before)
        for t in moments:
            if before < t < after:
                filled[t] = points[before] + slope * (t - before)
    return filled
