"""Reads what CloudWatch measured of both fleets over the time of an update, for its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.plans.alarms import INVOCATIONS
from switchover.domain.report.charts import latency_spec
from switchover.domain.report.measurements import Measurements, Metric, Sight, choose_period

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

    from switchover.domain.plans.plan import Plan
    from switchover.domain.report.values import Window


class FleetSeries:
    """One account's invocation metrics over time, by fleet."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def measure(self, plan: Plan, window: Window, now: datetime) -> Measurements:
        """Requests, latency and errors of both fleets; twelve metrics, at the finest kept resolution."""
        period_seconds = choose_period(window.begins_at, window.ends_at, now)
        asked = {
            f"{metric.name.lower()}_{sight.value}": (metric, sight)
            for metric in Metric
            for sight in Sight
        }
        queries = [
            _query(name, metric, sight, plan, period_seconds)
            for name, (metric, sight) in asked.items()
        ]
        found: dict[tuple[Metric, Sight], dict[datetime, float]] = {
            key: {} for key in asked.values()
        }
        pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=window.begins_at, EndTime=window.ends_at
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                values = zip(result["Timestamps"], result["Values"], strict=True)
                found[asked[result["Id"]]] |= dict(values)
        return Measurements(
            period_seconds, {key: tuple(sorted(values.items())) for key, values in found.items()}
        )


def _query(
    name: str, metric: Metric, sight: Sight, plan: Plan, period_seconds: int
) -> MetricDataQueryTypeDef:
    dimensions = {"EndpointName": plan.endpoint, "VariantName": plan.destination.variant}
    if sight is not Sight.BOTH:
        # Guardrails publish each fleet under its config's name (rules §4).
        config = plan.target.config if sight is Sight.NEW else plan.previous.config
        dimensions["EndpointConfigName"] = config
    spec = latency_spec(plan)
    statistics = {Metric.REQUESTS: "Sum", Metric.LATENCY: spec.statistic if spec else "Average"}
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": INVOCATIONS,
                "MetricName": metric.value,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": period_seconds,
            # The average of these 0-or-1 metrics is the rate (rules §4).
            "Stat": statistics.get(metric, "Average"),
        },
    }
