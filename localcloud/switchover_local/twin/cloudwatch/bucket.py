"""The values of one metric within one step of its resolution."""

from __future__ import annotations

from array import array
from collections import Counter
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_REPEATED = 10_000


class Bucket:
    """The sums and extremes of a step, and its values as long as percentiles may need them.

    The values themselves are kept only once two of them differ: a metric that is always 1
    (Invocations) or nearly always 0 (errors) costs a few bytes per minute, not per request. A
    value that comes with a count is kept with the count, which may be a billion.
    """

    __slots__ = ("count", "counted", "is_exact", "maximum", "minimum", "total", "values")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.minimum = inf
        self.maximum = -inf
        self.values: array[float] | None = None
        self.counted: dict[float, float] | None = None
        self.is_exact = True

    def add(self, value: float, times: float = 1.0) -> None:
        """Count `value` in, `times` times."""
        if value == self.minimum == self.maximum:
            # Nearly every metric of nearly every request: the same value again.
            self.count += times
            self.total += value * times
            return
        if self.values is not None and times == 1:
            self.values.append(value)
        elif self.values is not None or self.counted is not None:
            self._count_apart(value, times)
        elif self.count and self.is_exact:
            self._tell_apart(value, times)
        self.count += times
        self.total += value * times
        # Comparisons rather than min() and max(): this runs a dozen times per request.
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value

    def _tell_apart(self, value: float, times: float) -> None:
        """Keep single values from now on; all values so far were equal."""
        if times == 1 and self.count <= _MOST_REPEATED and self.count.is_integer():
            self.values = array("d", (self.minimum,)) * int(self.count)
            self.values.append(value)
        else:
            self._count_apart(value, times)

    def _count_apart(self, value: float, times: float) -> None:
        if self.counted is None:
            self.counted = dict(self.pairs())
            self.values = None
        self.counted[value] = self.counted.get(value, 0.0) + times

    def add_summary(self, *, count: float, total: float, minimum: float, maximum: float) -> None:
        """Count a summary of values; from then on, percentiles are unknown.

        Source: CloudWatch, "Publishing statistic sets": percentiles need raw values.
        """
        if minimum == maximum:
            self.add(minimum, count)
            return
        self.count += count
        self.total += total
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)
        self.forget_values()

    def forget_values(self) -> None:
        """Keep the sums, and free the memory of the single values."""
        if self.minimum != self.maximum:
            self.is_exact = False
            self.values = self.counted = None

    def pairs(self) -> Iterable[tuple[float, float]]:
        """Every counted value, and how many times."""
        if self.counted is not None:
            return self.counted.items()
        if self.values is not None:
            return Counter(self.values).items()
        return ((self.minimum, self.count),) if self.count else ()
