"""Metrics like CloudWatch's: recorded as values, read by period and statistic."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from .bucket import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

# "p99", "p99.9", "p100": up to two digits before the point and ten after it.
# Source: CloudWatch statistics definitions, "Percentile (p)".
_PERCENTILE = re.compile(r"p(100|\d{1,2}(?:\.\d{0,10})?)")

_EXPIRED_BUCKETS_WORTH_SWEEPING = 512


class MetricId(NamedTuple):
    """One metric: each distinct set of dimensions is a separate metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricId:
        """Name a metric by a mapping of dimensions."""
        return cls(namespace, name, frozenset(dimensions.items()))


class Datapoint(NamedTuple):
    """A statistic over one period, which begins at `start` (epoch seconds)."""

    start: int
    value: float
    sample_count: float | None = None


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
        """Record `value` (`times` times) at the moment `at`."""
        self.record_in_second(int(at.timestamp()), value, times)

    def record_in_second(self, second: int, value: float, times: float = 1.0) -> None:
        """Record `value` in an epoch second; a caller that records a lot computes the second once."""
        start = second - second % self.resolution_seconds
        bucket = self._newest if start == self._newest_start else self._bucket_at(start)
        if value == bucket.minimum == bucket.maximum:
            # The same as Bucket.add, without a call: most values of each request come this way.
            bucket.count += times
            bucket.total += value * times
        else:
            bucket.add(value, times)

    def record_summary(
        self, at: datetime, *, count: float, total: float, minimum: float, maximum: float
    ) -> None:
        """Record a statistic set: values that the sender summed up."""
        step = self.resolution_seconds
        start = int(at.timestamp() // step) * step
        self._bucket_at(start).add_summary(
            count=count, total=total, minimum=minimum, maximum=maximum
        )

    def newest_start(self) -> int:
        """When the newest step that has data begins; -1 if nothing was ever recorded."""
        return self._starts[-1] if self._starts else -1

    def between(self, start: int, end: int) -> Iterator[tuple[int, Bucket]]:
        """The buckets that begin in [start, end), in order, and when they begin."""
        for index in range(bisect_left(self._starts, start), len(self._starts)):
            if self._starts[index] >= end:
                return
            yield self._starts[index], self._buckets[self._starts[index]]

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
        raw_horizon_seconds: how long single values are kept, and so how far back percentiles reach;
        sums, extremes and counts are kept longer. 3 hours is CloudWatch's retention of
        sub-minute data, its longest for such detail.
        retention_seconds: how long all data are kept. CloudWatch keeps 1-minute data 15 days.
    """

    def __init__(
        self, *, raw_horizon_seconds: int = 3 * 3600, retention_seconds: int = 15 * 86_400
    ) -> None:
        self._raw_horizon = raw_horizon_seconds
        self.retention_seconds = retention_seconds
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
        """Record one value."""
        metric = MetricId.of(namespace, name, dimensions)
        self.series(metric, unit=unit, resolution_seconds=resolution_seconds).record(value, at)

    def series(
        self, metric: MetricId, *, unit: str = "None", resolution_seconds: int = 60
    ) -> Series:
        """The series to record into; a caller that records a lot keeps the reference.

        A finer resolution than the series has applies to all later values.
        """
        units = self._units.setdefault(metric, {})
        series = units.get(unit)
        if series is None:
            series = units[unit] = Series(
                resolution_seconds=resolution_seconds,
                raw_horizon_seconds=self._raw_horizon,
                retention_seconds=self.retention_seconds,
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
        periods: dict[int, list[Bucket]] = {}
        for series in wanted:
            for at, bucket in series.between(start, end):
                begin = at - (at - start) % period_seconds
                periods.setdefault(begin, []).append(bucket)
        points = []
        for begin in sorted(periods):
            value = compute(periods[begin])
            if value is not None:
                count = sum(bucket.count for bucket in periods[begin])
                points.append(Datapoint(begin, value, count))
        return points


def percentile_named(statistic: str) -> Fraction | None:
    """The percentage that "p99.9" asks for, exactly; None if it isn't a percentile."""
    match = _PERCENTILE.fullmatch(statistic)
    return Fraction(match[1].rstrip(".")) if match else None


def statistic_named(statistic: str) -> Callable[[Sequence[Bucket]], float | None]:
    """The function that computes `statistic`; its answer None means that the data are too old.

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
    counted = sorted(pair for bucket in buckets for pair in bucket.pairs())
    rank = ceil(percent * Fraction(sum(times for _, times in counted)) / 100)
    passed = 0.0
    for value, times in counted:
        passed += times
        if passed >= rank:
            return value
    return counted[-1][0] if counted else None


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
