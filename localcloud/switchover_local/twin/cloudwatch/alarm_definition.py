"""The definition of an alarm: a PutMetricAlarm request, checked and parsed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from .alarm_rules import Comparison, MissingData, MOfN, is_low_sample
from .metric_queries import (
    Query,
    QuerySet,
    StatQuery,
    check_number,
    parse_metric,
    parse_period,
    parse_queries,
    parse_statistic,
    refuse,
)
from .metrics import percentile_named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .metrics import Datapoint, MetricStore

# Source: PutMetricAlarm, Period: an alarm looks back one day at most, or seven if its periods
# last an hour or more (rules §4).
_DAY_SECONDS = 86_400
_LONG_PERIOD_SECONDS = 3_600

_OF_ONE_METRIC = (
    "MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit",
)  # fmt: skip
_NOT_MODELLED = ("ThresholdMetricId", "EvaluationCriteria", "EvaluationInterval",
                 "WarmUpConfiguration")  # fmt: skip
_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Observation:
    """The data of one evaluation: an entry per period, oldest first; None is no data."""

    starts: range
    points: tuple[Datapoint | None, ...]
    breaches: tuple[bool | None, ...]

    def considered(self, count: int) -> list[Datapoint]:
        """The most recent datapoints, at most `count`: older ones replace missing ones."""
        return [point for point in self.points if point is not None][-count:]


@dataclass(frozen=True, slots=True)
class AlarmDefinition:
    """A metric alarm as its owner wrote it."""

    name: str
    queries: QuerySet
    comparison: Comparison
    threshold: float
    rule: MOfN
    ignores_low_samples: bool
    request: Mapping[str, Any]

    @property
    def period_seconds(self) -> int:
        """How long one datapoint lasts."""
        return self.queries.period_seconds

    @property
    def is_high_resolution(self) -> bool:
        """Whether the alarm is evaluated every 10 seconds rather than every minute."""
        return self.period_seconds < 60

    @property
    def metric(self) -> StatQuery | None:
        """The one metric that is watched; None for metric math."""
        source = self.queries.queries[0].source
        return source if "Metrics" not in self.request and isinstance(source, StatQuery) else None

    def observe(self, store: MetricStore, *, until: int, extra_periods: int) -> Observation:
        """Read the evaluation range that ends at `until`.

        Args:
            extra_periods: how many periods beyond EvaluationPeriods the range reaches back.
        """
        length = self.rule.considered + extra_periods
        starts = range(until - length * self.period_seconds, until, self.period_seconds)
        (found,) = self.queries.read(store, starts[0], until).values()
        by_start = {point.start: point for point in found}
        points = tuple(by_start.get(start) for start in starts)
        return Observation(starts, points, tuple(self._breach(point) for point in points))

    def has_low_samples(self, observation: Observation) -> bool:
        """Whether an alarm on a percentile has too few values to change its state."""
        percent = percentile_named(self.metric.statistic) if self.metric else None
        return (
            self.ignores_low_samples
            and percent is not None
            and any(
                is_low_sample(percent, point.sample_count or 0)
                for point in observation.considered(self.rule.considered)
            )
        )

    def _breach(self, point: Datapoint | None) -> bool | None:
        return None if point is None else self.comparison.is_breached(point.value, self.threshold)


def parse_alarm(request: Mapping[str, Any]) -> AlarmDefinition:
    """Parse a PutMetricAlarm request.

    Raises:
        Refusal: the request makes no sense, or asks for a kind of alarm that isn't modelled.
    """
    _refuse_what_is_not_modelled(request)
    for field in ("ComparisonOperator", "EvaluationPeriods", "Threshold"):
        _require(request, field)
    for action in (arn for field in _ACTIONS for arn in request.get(field, [])):
        if not action.startswith("arn:"):
            raise refuse(f"Invalid arn syntax: {action}")
    check_number(request["Threshold"], "Threshold")
    queries = _parse_watched(request)
    considered = request["EvaluationPeriods"]
    _check_length(queries.period_seconds, considered)
    needed = request.get("DatapointsToAlarm", considered)
    if needed > considered:
        raise refuse("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    low_samples = request.get("EvaluateLowSampleCountPercentile", "evaluate")
    if low_samples not in {"evaluate", "ignore"}:
        raise _not_a_value("EvaluateLowSampleCountPercentile", low_samples, "evaluate, ignore")
    missing = _choose(MissingData, request, "TreatMissingData", default="missing")
    return AlarmDefinition(
        name=request["AlarmName"],
        queries=queries,
        comparison=_choose(Comparison, request, "ComparisonOperator"),
        threshold=request["Threshold"],
        rule=MOfN(needed, considered, missing),
        ignores_low_samples=low_samples == "ignore",
        request=request,
    )


def _parse_watched(request: Mapping[str, Any]) -> QuerySet:
    if ("MetricName" in request) == ("Metrics" in request):
        raise refuse("Exactly one of MetricName and Metrics must be given.")
    if "Metrics" in request:
        return _parse_math(request)
    _require(request, "Namespace")
    _require(request, "Period")
    if ("Statistic" in request) == ("ExtendedStatistic" in request):
        raise refuse("Exactly one of Statistic and ExtendedStatistic must be given.")
    watched = StatQuery(
        metric=parse_metric(request),
        statistic=parse_statistic(request.get("Statistic") or request["ExtendedStatistic"]),
        period_seconds=parse_period(request["Period"]),
        unit=request.get("Unit"),
    )
    query = Query("m1", watched, label=watched.metric.name, is_returned=True)
    return QuerySet((query,), watched.period_seconds)


def _parse_math(request: Mapping[str, Any]) -> QuerySet:
    for field in _OF_ONE_METRIC:
        if field in request:
            raise refuse(f"The parameters Metrics and {field} can't be given together.")
    queries = parse_queries(request["Metrics"])
    if sum(query.is_returned for query in queries.queries) != 1:
        raise refuse("Exactly one element of the metrics list should return data.")
    return queries


def _refuse_what_is_not_modelled(request: Mapping[str, Any]) -> None:
    for field in _NOT_MODELLED:
        if field in request:
            raise refuse(f"The twin does not model alarms with {field}.")
    if "WallClockWindow" in request.get("EvaluationWindow", {}):
        raise refuse("The twin does not model alarms with a WallClockWindow.")
    if "LowerThreshold" in request.get("ComparisonOperator", ""):
        raise refuse("The twin does not model anomaly detection bands.")
    if request.get("ComparisonOperator") == "GreaterThanUpperThreshold":
        raise refuse("The twin does not model anomaly detection bands.")


def _check_length(period_seconds: int, considered: int) -> None:
    days = 7 if period_seconds >= _LONG_PERIOD_SECONDS else 1
    if period_seconds * considered > days * _DAY_SECONDS:
        raise refuse(
            f"Metrics cannot be checked across more than {'a day' if days == 1 else 'a week'} "
            f"(EvaluationPeriods * Period must be <= {days * _DAY_SECONDS})."
        )


def _choose(
    choices: type[_Choice], request: Mapping[str, Any], field: str, default: str = ""
) -> _Choice:
    value = request.get(field, default)
    try:
        return choices(value)
    except ValueError as error:
        raise _not_a_value(field, value, ", ".join(choices)) from error


def _not_a_value(field: str, value: str, valid: str) -> Exception:
    return refuse(f"Option {value} for parameter {field} is not supported. Valid values: {valid}")


def _require(request: Mapping[str, Any], field: str) -> None:
    if field not in request:
        raise refuse(f"The parameter {field} must be given.")
