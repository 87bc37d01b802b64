"""Metrics as CloudWatch keeps them: what was recorded, read back by period and statistic."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, insort
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

# "p99", "p99.9", "p100": up to two digits before the point and ten after it.
# Source: CloudWatch statistics definitions, "Percentile (p)".
_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{0,10})?)")

_EXPIRED_BUCKETS_WORTH_SWEEPING = 512


class MetricId(NamedTuple):
    """One metric: each distinct set of dimensions is another one, never a part of another."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricId:
        """Name a metric by what callers have at hand."""
        return cls(namespace, name, frozenset(dimensions.items()))


@dataclass(frozen=True, slots=True)
class Datapoint:
    """A statistic over one period, which begins at `start` (epoch seconds)."""

    start: int
    value: float
    sample_count: float | None = None


class Bucket:
    """What one series recorded within one resolution step.

    The values themselves are kept only once two of them differ: a metric that is always 1
    (Invocations) or nearly always 0 (errors) costs a few bytes per minute, not per request.
    """

    __slots__ = ("count", "is_exact", "maximum", "minimum", "total", "values")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.minimum = inf
        self.maximum = -inf
        self.values: array[float] | None = None
        self.is_exact = True

    def add(self, value: float, times: float = 1.0) -> None:
        """Count `value` in, `times` times."""
        if self.values is not None:
            if times == 1:
                self.values.append(value)
            else:
                self.values.extend(array("d", (value,)) * int(times))
        elif self.count and self.is_exact and not self.minimum == value == self.maximum:
            self.values = array("d", (self.minimum,)) * int(self.count)
            self.values.extend(array("d", (value,)) * int(times))
        self.count += times
        self.total += value * times
        # Comparisons rather than min() and max(): this runs a dozen times per request.
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value

    def add_summary(self, *, count: float, total: float, minimum: float, maximum: float) -> None:
        """Count in values of which only the summary is known; percentiles end here.

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
        """Keep the sums and give the memory of the single values back."""
        if self.minimum != self.maximum:
            self.is_exact = False
            self.values = None

    def each(self) -> Iterable[float]:
        """Every value that was counted in."""
        if self.values is not None:
            return self.values
        return array("d", (self.minimum,)) * int(self.count)


class Series:
    """One metric in one unit, at one resolution. Recording takes constant time."""

    __slots__ = (
        "_buckets",
        "_newest",
        "_newest_start",
        "_raw_from",
        "_raw_horizon",
        "_retention",
        "_starts",
        "resolution_seconds",
    )

    def __init__(
        self, *, resolution_seconds: int, raw_horizon_seconds: int, retention_seconds: int
    ) -> None:
        self.resolution_seconds = resolution_seconds
        self._raw_horizon = raw_horizon_seconds
        self._retention = retention_seconds
        self._buckets: dict[int, Bucket] = {}
        self._starts: list[int] = []
        self._raw_from = 0
        self._newest_start = -1
        self._newest = Bucket()

    def record(self, value: float, at: datetime, times: float = 1.0) -> None:
        """Take note of `value` (`times` times over) at the moment `at`."""
        step = self.resolution_seconds
        start = int(at.timestamp() // step) * step
        bucket = self._newest if start == self._newest_start else self._bucket_at(start)
        bucket.add(value, times)

    def record_summary(
        self, at: datetime, *, count: float, total: float, minimum: float, maximum: float
    ) -> None:
        """Take note of a statistic set: values that were summed up by whoever sends them."""
        step = self.resolution_seconds
        start = int(at.timestamp() // step) * step
        self._bucket_at(start).add_summary(
            count=count, total=total, minimum=minimum, maximum=maximum
        )

    def newest_start(self) -> int:
        """When the newest step that has data begins; -1 if nothing was ever recorded."""
        return self._starts[-1] if self._starts else -1

    def between(self, start: int, end: int) -> Iterator[Bucket]:
        """The buckets that begin in [start, end), in order."""
        for index in range(bisect_left(self._starts, start), len(self._starts)):
            if self._starts[index] >= end:
                return
            yield self._buckets[self._starts[index]]

    def _bucket_at(self, start: int) -> Bucket:
        bucket = self._buckets.get(start)
        if bucket is None:
            bucket = self._buckets[start] = Bucket()
            insort(self._starts, start)
            if start > self._newest_start:
                self._newest_start, self._newest = start, bucket
                self._forget_before(start)
        return bucket

    def _forget_before(self, now: int) -> None:
        horizon = now - self._raw_horizon
        while self._starts[self._raw_from] < horizon:
            self._buckets[self._starts[self._raw_from]].forget_values()
            self._raw_from += 1
        expired = bisect_left(self._starts, now - self._retention)
        if expired >= _EXPIRED_BUCKETS_WORTH_SWEEPING:
            for old in self._starts[:expired]:
                del self._buckets[old]
            del self._starts[:expired]
            self._raw_from = max(0, self._raw_from - expired)


class MetricStore:
    """Every metric that the twin knows.

    Args:
        raw_horizon_seconds: how long single values live, and so how far back percentiles reach;
            sums, extremes and counts outlive it. 3 hours is CloudWatch's retention of
            sub-minute data, the longest for which the real thing keeps detail.
        retention_seconds: how long anything lives. CloudWatch keeps 1-minute data 15 days.
    """

    def __init__(
        self, *, raw_horizon_seconds: int = 3 * 3600, retention_seconds: int = 15 * 86_400
    ) -> None:
        self._raw_horizon = raw_horizon_seconds
        self._retention = retention_seconds
        self._units: dict[MetricId, dict[str, Series]] = {}

    def record(
        self,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        value: float,
        at: datetime,
        *,
        unit: str = "None",
        resolution_seconds: int = 60,
    ) -> None:
        """Take note of one value."""
        metric = MetricId.of(namespace, name, dimensions)
        self.series(metric, unit=unit, resolution_seconds=resolution_seconds).record(value, at)

    def series(
        self, metric: MetricId, *, unit: str = "None", resolution_seconds: int = 60
    ) -> Series:
        """The series to record into; callers that record a lot keep hold of it.

        A finer resolution than the series began with refines it for what comes after.
        """
        units = self._units.setdefault(metric, {})
        series = units.get(unit)
        if series is None:
            series = units[unit] = Series(
                resolution_seconds=resolution_seconds,
                raw_horizon_seconds=self._raw_horizon,
                retention_seconds=self._retention,
            )
        elif resolution_seconds < series.resolution_seconds:
            series.resolution_seconds = resolution_seconds
        return series

    def metrics(self) -> list[MetricId]:
        """Every metric that holds data, in a stable order."""
        known = (metric for metric in self._units if self.newest_start(metric) >= 0)
        return sorted(known, key=lambda m: (m.namespace, m.name, sorted(m.dimensions)))

    def newest_start(self, metric: MetricId) -> int:
        """When the newest data of `metric` begins (epoch seconds); -1 if there is none."""
        return max((s.newest_start() for s in self._units.get(metric, {}).values()), default=-1)

    def units(self, metric: MetricId) -> list[str]:
        """The units that `metric` was recorded in."""
        return sorted(self._units.get(metric, {}))

    def read(
        self,
        metric: MetricId,
        statistic: str,
        *,
        period_seconds: int,
        start: int,
        end: int,
        unit: str | None = None,
    ) -> list[Datapoint]:
        """The statistic over each period of [start, end) that has data, oldest first.

        Periods are counted from `start`. Without `unit`, values of all units count together.
        """
        units = self._units.get(metric, {})
        wanted = [s for u, s in units.items() if unit is None or u == unit]
        if not wanted:
            return []
        compute = statistic_named(statistic)
        points = []
        for begin in range(start, end, period_seconds):
            buckets = [b for s in wanted for b in s.between(begin, begin + period_seconds)]
            value = compute(buckets) if buckets else None
            if value is not None:
                points.append(Datapoint(begin, value, sum(b.count for b in buckets)))
        return points


def percentile_named(statistic: str) -> Fraction | None:
    """The percentage that "p99.9" asks for, exactly; None if it isn't a percentile."""
    match = _PERCENTILE.fullmatch(statistic)
    return Fraction(match[1].rstrip(".")) if match else None


def statistic_named(statistic: str) -> Callable[[Sequence[Bucket]], float | None]:
    """How to work out `statistic`; None as its answer means that it can't be known any more.

    Raises:
        KeyError: no such statistic here. CloudWatch's trimmed means (tm, wm, tc, ts, PR, IQM)
            are not modelled.
    """
    percent = percentile_named(statistic)
    if percent is None:
        return _STATISTICS[statistic]
    return lambda buckets: _percentile(buckets, percent)


def _percentile(buckets: Sequence[Bucket], percent: Fraction) -> float | None:
    # Nearest rank: always a value that was measured. CloudWatch doesn't publish its own method.
    if not all(bucket.is_exact for bucket in buckets):
        return None
    values = sorted(value for bucket in buckets for value in bucket.each())
    return values[max(0, ceil(percent * len(values) / 100) - 1)] if values else None


def _sample_count(buckets: Sequence[Bucket]) -> float:
    return sum(bucket.count for bucket in buckets)


def _sum(buckets: Sequence[Bucket]) -> float:
    return sum(bucket.total for bucket in buckets)


def _average(buckets: Sequence[Bucket]) -> float:
    return _sum(buckets) / _sample_count(buckets)


def _minimum(buckets: Sequence[Bucket]) -> float:
    return min(bucket.minimum for bucket in buckets)


def _maximum(buckets: Sequence[Bucket]) -> float:
    return max(bucket.maximum for bucket in buckets)


_STATISTICS: dict[str, Callable[[Sequence[Bucket]], float | None]] = {
    "SampleCount": _sample_count,
    "Sum": _sum,
    "Average": _average,
    "Minimum": _minimum,
    "Maximum": _maximum,
}
