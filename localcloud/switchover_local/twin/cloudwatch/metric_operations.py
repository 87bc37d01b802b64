"""The API of CloudWatch for metrics: one method per operation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import TYPE_CHECKING, Any, cast

from switchover_local.twin.wire.messages import Answer
from switchover_local.twin.wire.paging import cut_page
from switchover_local.twin.wire.refusals import Refusal

from .metric_data import NEWEST_ACCEPTED, check_datum, invalid_value, record_datum
from .metric_queries import (
    parse_metric,
    parse_period,
    parse_queries,
    parse_statistic,
    refuse,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_cloudwatch.type_defs import (
        DatapointTypeDef,
        GetMetricDataInputTypeDef,
        GetMetricStatisticsInputTypeDef,
        ListMetricsInputTypeDef,
        MetricDataResultTypeDef,
        MetricDatumTypeDef,
        MetricTypeDef,
        PutMetricDataInputTypeDef,
    )

    from switchover_local.twin.clock import Clock

    from .metric_queries import QuerySet
    from .metrics import Datapoint, MetricId, MetricStore

_LIST_PAGE = 500
_STATISTICS_LIMIT = 1_440  # GetMetricStatistics returns no more datapoints in one call
_DATA_LIMIT = 100_800  # GetMetricData: "you can set MaxDatapoints up to 100,800"
_MOST_QUERIES = 500
_RECENT = timedelta(hours=3)
_MOST_METRICS = 1_000  # Source: PutMetricData, "limited to no more than 1000 different metrics"


class MetricOperations:
    """Putting metrics in, and reading them back."""

    def __init__(self, store: MetricStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def put_metric_data(self, params: PutMetricDataInputTypeDef) -> Answer:
        namespace = params["Namespace"]
        if namespace.startswith("AWS/"):
            raise invalid_value("The value AWS/ for parameter Namespace is invalid.")
        if "EntityMetricData" in params:
            raise invalid_value("The twin does not model EntityMetricData.")
        data = params.get("MetricData", [])
        now = self._clock.now()
        if len({_metric_of(namespace, datum) for datum in data}) > _MOST_METRICS:
            raise invalid_value(
                f"The collection MetricData must not have a size greater than {_MOST_METRICS}."
            )
        for number, datum in enumerate(
            data, start=1
        ):  # check all before recording, so that a call records all or nothing
            check_datum(datum, f"MetricData.member.{number}", now)
        for datum in data:
            series = self._store.series(
                _metric_of(namespace, datum),
                unit=datum.get("Unit", "None"),
                resolution_seconds=datum.get("StorageResolution", 60),
            )
            record_datum(series, datum, cast("datetime", datum.get("Timestamp", now)))
        return Answer()

    def get_metric_data(self, params: GetMetricDataInputTypeDef) -> Answer:
        requests = params["MetricDataQueries"]
        if len(requests) > _MOST_QUERIES:
            raise refuse(f"MetricDataQueries must hold at most {_MOST_QUERIES} queries.")
        if params.get("MaxDatapoints", 1) < 1:
            raise refuse("MaxDatapoints must be at least 1.")
        queries = parse_queries(requests)
        start, end = self._clip(*_window(params, queries.period_seconds), queries.period_seconds)
        found = queries.read(self._store, start, end)
        sign = 1 if params.get("ScanBy") == "TimestampAscending" else -1
        places = {query_id: place for place, query_id in enumerate(found)}
        every = [(query_id, point) for query_id, points in found.items() for point in points]
        page, more = cut_page(
            every,
            params.get("NextToken"),
            params.get("MaxDatapoints", _DATA_LIMIT),
            key=lambda entry: (places[entry[0]], sign * entry[1].start),
            refusal=Refusal("InvalidNextToken", "The next token is not valid."),
        )
        unfinished = page[-1][0] if more else None
        return Answer(
            {
                "MetricDataResults": [
                    _describe_result(queries, query_id, page, is_partial=query_id == unfinished)
                    for query_id in found
                ],
                "Messages": [],
                **more,
            }
        )

    def get_metric_statistics(self, params: GetMetricStatisticsInputTypeDef) -> Answer:
        statistics = params.get("Statistics", [])
        extended = params.get("ExtendedStatistics", [])
        if not statistics and not extended:
            raise Refusal(
                "InvalidParameterCombination",
                "At least one of Statistics and ExtendedStatistics must be specified.",
            )
        metric, period = parse_metric(params), parse_period(params["Period"])
        start, end = _window(params, period)
        wanted = ceil((end - start) / period)
        if wanted > _STATISTICS_LIMIT:
            raise Refusal(
                "InvalidParameterCombination",
                f"You have requested up to {wanted:,} datapoints, which exceeds the limit of "
                f"{_STATISTICS_LIMIT:,}. You may reduce the datapoints requested by increasing "
                "Period, or decreasing the time range.",
            )
        columns = {
            name: self._store.read(
                metric,
                parse_statistic(name),
                period_seconds=period,
                start=start,
                end=end,
                unit=params.get("Unit"),
            )
            for name in [*statistics, *extended]
        }
        unit: str = params.get("Unit") or next(iter(self._store.units(metric)), "None")
        return Answer({"Label": metric.name, "Datapoints": _rows(columns, set(extended), unit)})

    def _clip(self, start: int, end: int, period_seconds: int) -> tuple[int, int]:
        """Leave out the periods that can't have data: a request may span thousands of years."""
        now = self._clock.now().timestamp()
        oldest = floor(now) - self._store.retention_seconds - period_seconds
        newest = ceil(now + NEWEST_ACCEPTED.total_seconds()) + period_seconds
        skipped = max(0, (oldest - start) // period_seconds)
        return start + skipped * period_seconds, min(end, newest)

    def list_metrics(self, params: ListMetricsInputTypeDef) -> Answer:
        since = (self._clock.now() - _RECENT).timestamp() if "RecentlyActive" in params else -1
        matching = [
            metric
            for metric in self._store.metrics()
            if _is_listed(metric, params) and self._store.newest_start(metric) >= since
        ]
        page, more = cut_page(
            matching,
            params.get("NextToken"),
            _LIST_PAGE,
            key=lambda metric: (metric.namespace, metric.name, repr(sorted(metric.dimensions))),
            refusal=invalid_value("Invalid parameter NextToken"),
        )
        return Answer({"Metrics": [_describe_metric(metric) for metric in page], **more})


def _metric_of(namespace: str, datum: MetricDatumTypeDef) -> MetricId:
    return parse_metric({"Namespace": namespace, **datum})


def _window(
    params: GetMetricDataInputTypeDef | GetMetricStatisticsInputTypeDef, period_seconds: int
) -> tuple[int, int]:
    start = cast("datetime", params["StartTime"]).timestamp()
    end = cast("datetime", params["EndTime"]).timestamp()
    if start >= end:
        raise refuse("The parameter StartTime must be less than the parameter EndTime.")
    # Source: GetMetricData, StartTime: rounded down to the minute, or to the short period.
    step = min(period_seconds, 60)
    return floor(start / step) * step, ceil(end)


def _describe_result(
    queries: QuerySet,
    query_id: str,
    page: Iterable[tuple[str, Datapoint]],
    *,
    is_partial: bool,
) -> MetricDataResultTypeDef:
    points = [point for owner, point in page if owner == query_id]
    return {
        "Id": query_id,
        "Label": next(query.label for query in queries.queries if query.id == query_id),
        "Timestamps": [datetime.fromtimestamp(point.start, UTC) for point in points],
        "Values": [point.value for point in points],
        "StatusCode": "PartialData" if is_partial else "Complete",
    }


def _rows(
    columns: dict[str, list[Datapoint]], extended: set[str], unit: str
) -> list[DatapointTypeDef]:
    rows: dict[int, dict[str, Any]] = {}
    for name, points in columns.items():
        for point in points:
            moment = datetime.fromtimestamp(point.start, UTC)
            row = rows.setdefault(point.start, {"Timestamp": moment, "Unit": unit})
            if name in extended:
                row.setdefault("ExtendedStatistics", {})[name] = point.value
            else:
                row[name] = point.value
    return cast("list[DatapointTypeDef]", [rows[start] for start in sorted(rows)])


def _is_listed(metric: MetricId, params: ListMetricsInputTypeDef) -> bool:
    values = dict(metric.dimensions)
    return (
        params.get("Namespace", metric.namespace) == metric.namespace
        and params.get("MetricName", metric.name) == metric.name
        and all(
            wanted["Name"] in values
            and wanted.get("Value", values[wanted["Name"]]) == values[wanted["Name"]]
            for wanted in params.get("Dimensions", [])
        )
    )


def _describe_metric(metric: MetricId) -> MetricTypeDef:
    return {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": k, "Value": v} for k, v in sorted(metric.dimensions)],
    }
