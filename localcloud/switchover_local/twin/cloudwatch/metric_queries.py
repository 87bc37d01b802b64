"""MetricDataQuery: how alarms and GetMetricData select data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchover_local.twin.wire.refusals import Refusal

from .metric_math import Expression
from .metric_series import Grid, MathError
from .metrics import Datapoint, MetricId, percentile_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .metric_series import Value
    from .metrics import MetricStore

# Source: MetricDataQuery.Id, "must start with a lowercase letter".
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_STATISTICS = {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
_SHORT_PERIODS = {10, 20, 30}
_NUMBER_LIMIT = 2.0**360


def refuse(message: str) -> Refusal:
    """CloudWatch's answer to an invalid request."""
    return Refusal("ValidationError", message)


def check_number(value: float, path: str) -> None:
    """Refuse a number out of CloudWatch's bounds.

    Source: PutMetricData, "Values must be in the range of -2^360 to 2^360. In addition, special
    values (for example, NaN, +Infinity, -Infinity) are not supported." For thresholds this isn't
    documented, but no number compares with NaN.
    """
    if not -_NUMBER_LIMIT <= value <= _NUMBER_LIMIT:
        raise Refusal(
            "InvalidParameterValue", f"The value {value} for parameter {path} is invalid."
        )


@dataclass(frozen=True, slots=True)
class StatQuery:
    """One metric, one statistic."""

    metric: MetricId
    statistic: str
    period_seconds: int
    unit: str | None

    def read(self, store: MetricStore, start: int, end: int) -> list[Datapoint]:
        """The datapoints of [start, end), periods counted from `start`."""
        return store.read(
            self.metric,
            self.statistic,
            period_seconds=self.period_seconds,
            start=start,
            end=end,
            unit=self.unit,
        )


@dataclass(frozen=True, slots=True)
class Query:
    """One entry of a list of queries: a metric, or an expression over the other entries."""

    id: str
    source: StatQuery | Expression
    label: str
    is_returned: bool


@dataclass(frozen=True, slots=True)
class QuerySet:
    """Queries that refer to one another by id."""

    queries: tuple[Query, ...]
    period_seconds: int

    def read(self, store: MetricStore, start: int, end: int) -> dict[str, list[Datapoint]]:
        """The datapoints of every query that returns data, by id, oldest first.

        Raises:
            Refusal: an expression can't be computed.
        """
        grid = Grid(start, end, self.period_seconds)
        known: dict[str, Value] = {}
        found: dict[str, list[Datapoint]] = {}
        waiting = list(self.queries)
        while waiting:
            ready = [q for q in waiting if _needs(q) <= known.keys()]
            if not ready:
                raise refuse(_unresolved(waiting, known))
            for query in ready:
                found[query.id] = _datapoints_of(query, store, known, grid)
            waiting = [q for q in waiting if q.id not in known]
        return {q.id: found[q.id] for q in self.queries if q.is_returned}


def parse_queries(requests: Sequence[Mapping[str, Any]]) -> QuerySet:
    """Read a list of MetricDataQuery structures.

    Raises:
        Refusal: ids clash, an entry is both metric and expression or neither, or an expression
            isn't one.
    """
    ids = [request["Id"] for request in requests]
    for query_id in ids:
        if not _ID.fullmatch(query_id):
            raise refuse(f"Invalid metric id: {query_id}. It must begin with a lowercase letter.")
        if ids.count(query_id) > 1:
            raise refuse(
                f"The values for parameter id in MetricDataQueries are not unique: {query_id}"
            )
    queries = tuple(_parse_query(request) for request in requests)
    return QuerySet(queries, _period_of(requests, queries))


def parse_statistic(statistic: str) -> str:
    """Accept a statistic that the twin can compute."""
    if statistic in _STATISTICS or percentile_named(statistic) is not None:
        return statistic
    raise refuse(
        f"The value {statistic} for parameter Stat is not supported. "
        f"The twin models {', '.join(sorted(_STATISTICS))} and percentiles (p0 to p100)."
    )


def parse_period(period_seconds: int) -> int:
    """Accept a period of 10, 20, 30 or n × 60 seconds (rules §4)."""
    if period_seconds in _SHORT_PERIODS or (period_seconds > 0 and period_seconds % 60 == 0):
        return period_seconds
    raise refuse("Period must be 10, 20, 30 or a multiple of 60")


def parse_metric(request: Mapping[str, Any]) -> MetricId:
    """Read a Metric structure, or the same fields of a larger one.

    The service model doesn't require the name and namespace of MetricDataQuery's Metric, but a metric
    can't be found without them.
    """
    for field in ("Namespace", "MetricName"):
        if field not in request:
            raise Refusal("MissingParameter", f"The parameter {field} is required.")
    dimensions = request.get("Dimensions", [])
    names = {d["Name"]: d["Value"] for d in dimensions}
    if len(names) != len(dimensions):
        raise Refusal("InvalidParameterValue", "The parameter Dimensions holds a name twice.")
    return MetricId.of(request["Namespace"], request["MetricName"], names)


def _parse_query(request: Mapping[str, Any]) -> Query:
    query_id = request["Id"]
    if ("MetricStat" in request) == ("Expression" in request):
        raise refuse(f"Either MetricStat or Expression must be given for {query_id}, not both.")
    source: StatQuery | Expression
    if "Expression" in request:
        source = _parse_expression(request["Expression"])
        label = request["Expression"]
    else:
        stat = request["MetricStat"]
        source = StatQuery(
            metric=parse_metric(stat["Metric"]),
            statistic=parse_statistic(stat["Stat"]),
            period_seconds=parse_period(stat["Period"]),
            unit=stat.get("Unit"),
        )
        label = source.metric.name
    return Query(query_id, source, request.get("Label", label), request.get("ReturnData", True))


def _parse_expression(text: str) -> Expression:
    try:
        return Expression.parse(text)
    except MathError as error:
        raise refuse(str(error)) from error


def _period_of(requests: Sequence[Mapping[str, Any]], queries: Sequence[Query]) -> int:
    periods = {q.source.period_seconds for q in queries if isinstance(q.source, StatQuery)}
    periods |= {r["Period"] for r in requests if "Expression" in r and "Period" in r}
    if not periods:
        raise refuse("At least one metric is needed: an expression alone has no period.")
    # CloudWatch aligns expressions on the coarsest period; finer points fall between the lines.
    return parse_period(max(periods))


def _needs(query: Query) -> frozenset[str]:
    return query.source.names if isinstance(query.source, Expression) else frozenset()


def _unresolved(waiting: Sequence[Query], known: Mapping[str, Value]) -> str:
    query = waiting[0]
    missing = ", ".join(sorted(_needs(query) - known.keys()))
    return f"Error in expression '{query.id}': it refers to {missing}, which can't be worked out."


def _datapoints_of(
    query: Query, store: MetricStore, known: dict[str, Value], grid: Grid
) -> list[Datapoint]:
    if isinstance(query.source, StatQuery):
        points = query.source.read(store, grid.start, grid.end)
        known[query.id] = {point.start: point.value for point in points}
        return points
    try:
        value = known[query.id] = query.source.evaluate(known, grid)
    except MathError as error:
        raise refuse(str(error)) from error
    if isinstance(value, dict):
        return [Datapoint(start, value[start]) for start in sorted(value)]
    if query.is_returned:
        raise refuse(f"The expression for {query.id} must return a time series.")
    return []
