"""The charts of a report: instances, traffic, latency and errors of both fleets, with their limits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from switchover.domain.plans.alarms import Scope
from switchover.domain.report.course import instances_series, planned_share
from switchover.domain.report.measurements import Metric, Sight
from switchover.domain.report.values import Chart, Limit, Line, Points, Series

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from switchover.domain.plans.alarms import AlarmSpec
    from switchover.domain.plans.plan import Plan
    from switchover.domain.report.course import Seen
    from switchover.domain.report.measurements import Measurements, Values

_US_PER_SECOND = 1_000_000
_FLEETS = {
    Sight.OLD: (Line.OLD, "old fleet"),
    Sight.NEW: (Line.NEW, "new fleet"),
    Sight.BOTH: (Line.BOTH, "both fleets together"),
}
_NO_COUNTS = "SageMaker's instance counts were not recorded in this update."
_NO_METRICS = "CloudWatch has no request of this endpoint in this time. No data is not health."


def chart_instances(seen: tuple[Seen, ...], ends_at: datetime) -> Chart:
    """The instances in service, by fleet."""
    series = instances_series(seen, ends_at)
    most = max((each.old + each.new for each in seen), default=0)
    return Chart(
        name="instances",
        title="Instances in service",
        unit="instances",
        summary=f"At most {most} instances of both fleets were in service at once.",
        series=series,
        missing="" if series else _NO_COUNTS,
    )


def chart_share(
    plan: Plan, measured: Measurements | None, why: str, began_at: datetime, ends_at: datetime
) -> Chart:
    """The share of the requests that the new fleet answered, beside the planned one."""
    old, new = (_by_time(measured, Metric.REQUESTS, sight) for sight in (Sight.OLD, Sight.NEW))
    share: Points = tuple(
        (at, 100 * new.get(at, 0) / (old.get(at, 0) + new.get(at, 0)))
        for at in sorted({*old, *new})
        if old.get(at, 0) + new.get(at, 0) > 0
    )
    if measured is None or not new:
        return Chart(
            name="share",
            title="Traffic to the new fleet",
            unit="%",
            summary="",
            missing=why or "CloudWatch has no request of the new fleet in this time.",
        )
    most = max(value or 0 for _, value in share)
    planned = _until(planned_share(plan, began_at), ends_at)
    return Chart(
        name="share",
        title="Traffic to the new fleet",
        unit="%",
        summary=f"The new fleet answered at most {most:.0f} % of the requests of one period.",
        series=(
            Series(Line.NEW, "measured", with_gaps(share, measured.period_seconds)),
            Series(Line.PLANNED, "planned, at least", planned, is_stepped=True),
        ),
    )


def chart_latency(plan: Plan, measured: Measurements | None, why: str) -> Chart:
    """The model's latency by fleet, with the threshold of the update's own alarm."""
    spec = latency_spec(plan)
    statistic = spec.statistic if spec else "Average"
    limit = Limit(spec.threshold / _US_PER_SECOND, "alarm") if spec else None
    return _chart(
        "latency",
        f"Latency ({statistic} of ModelLatency)",
        "s",
        _series(measured, Metric.LATENCY, 1 / _US_PER_SECOND),
        limit,
        why,
    )


def chart_errors(plan: Plan, measured: Measurements | None, why: str, metric: Metric) -> Chart:
    """The share of requests that failed, by fleet, with the threshold of the update's own alarm."""
    spec = _spec_of(plan, metric)
    limit = Limit(spec.threshold * 100, "alarm") if spec else None
    title = {
        Metric.ERRORS: "Errors (5xx answers, share of requests)",
        Metric.MODEL_ERRORS: "Model errors (share of requests)",
    }[metric]
    return _chart(metric.value, title, "%", _series(measured, metric, 100), limit, why)


def latency_spec(plan: Plan) -> AlarmSpec | None:
    """The alarm that watches the new fleet's latency."""
    return _spec_of(plan, Metric.LATENCY)


def _chart(
    name: str, title: str, unit: str, series: tuple[Series, ...], limit: Limit | None, why: str
) -> Chart:
    if not series:
        return Chart(name, title, unit, "", limit=limit, missing=why or _NO_METRICS)
    return Chart(name, title, unit, _say_highest(series, unit, limit), series, limit)


def _say_highest(series: Iterable[Series], unit: str, limit: Limit | None) -> str:
    highest = ", ".join(
        f"{each.name} {max(value or 0 for _, value in each.points):.3g} {unit}" for each in series
    )
    against = f" The alarm is red above {limit.value:g} {unit}." if limit else ""
    return f"Highest value: {highest}.{against}"


def _spec_of(plan: Plan, metric: Metric) -> AlarmSpec | None:
    of_metric = (spec for spec in plan.alarms.specs if spec.metric == metric.value)
    return next((spec for spec in of_metric if spec.scope is Scope.UPDATE), None)


def _series(measured: Measurements | None, metric: Metric, factor: float) -> tuple[Series, ...]:
    """A line for each fleet; one for both where CloudWatch doesn't tell the fleets apart."""
    if measured is None:
        return ()
    known = [sight for sight in (Sight.OLD, Sight.NEW) if measured.of(metric, sight)]
    return tuple(
        Series(
            *_FLEETS[sight], _scaled(measured.of(metric, sight), factor, measured.period_seconds)
        )
        for sight in known or [Sight.BOTH]
        if measured.of(metric, sight)
    )


def _scaled(values: Values, factor: float, period_seconds: int) -> Points:
    return with_gaps(tuple((at, value * factor) for at, value in values), period_seconds)


def with_gaps(points: Points, period_seconds: int) -> Points:
    """The points, with a None where a period has no value: no line is drawn across it."""
    period, filled = timedelta(seconds=period_seconds), list(points[:1])
    for point in points[1:]:
        if point[0] - filled[-1][0] > period:
            filled.append((filled[-1][0] + period, None))
        filled.append(point)
    return tuple(filled)


def _by_time(measured: Measurements | None, metric: Metric, sight: Sight) -> dict[datetime, float]:
    return dict(measured.of(metric, sight)) if measured else {}


def _until(points: Points, ends_at: datetime) -> Points:
    """The steps up to the end of the update."""
    kept = [point for point in points if point[0] <= ends_at]
    if kept and kept[-1][0] < ends_at:
        kept.append((ends_at, kept[-1][1]))
    return tuple(kept)
