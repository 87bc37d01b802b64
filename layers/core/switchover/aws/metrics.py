"""Reads an endpoint's CloudWatch metrics: requests per fleet, latency, and traffic by the hour."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from switchover.domain.plans.alarms import FEWEST_REQUESTS, INVOCATIONS
from switchover.domain.windows.quiet_hours import LOOK_BACK

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

    from switchover.domain.fleet import EndpointReading
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update

# CloudWatch keeps minutes for 15 days, and no update lasts a day.
_LOOK_BACK = timedelta(days=1)
_HOUR = timedelta(hours=1)


class FleetMetrics:
    """One account's invocation metrics by fleet."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def answered(self, plan: Plan, update: Update, until: datetime) -> int:
        """Count the new fleet's requests so far, without the last minute or two."""
        fleet = _fleet(plan.endpoint, plan.destination.variant, plan.target.config)
        counts = self._read(
            (_query("invocations", "Invocations", fleet, "Sum", 60),),
            max(update.started_at, until - _LOOK_BACK),
            until,
        )
        return round(sum(counts["invocations"].values()))

    def latency_us(
        self, endpoint: EndpointReading, statistic: str, until: datetime
    ) -> float | None:
        """The serving fleet's latency in the hour before, by one statistic of ModelLatency.

        None if the fleet answered fewer than `FEWEST_REQUESTS`. The dimension of its config exists
        only after a guardrail deployment (rules §4). Before that, the variant's numbers contain no
        other fleet.
        """
        variant = endpoint.variants[0].name
        minute = until.replace(second=0, microsecond=0)
        sights = (
            _fleet(endpoint.name, variant, endpoint.config_name),
            _fleet(endpoint.name, variant),
        )
        found = self._read(
            tuple(
                _query(f"{what}{number}", "ModelLatency", sight, stat, int(_HOUR.total_seconds()))
                for number, sight in enumerate(sights)
                for what, stat in (("requests", "SampleCount"), ("latency", statistic))
            ),
            minute - _HOUR,
            minute,
        )
        number = 0 if found["requests0"] else 1
        requests, latencies = found[f"requests{number}"], found[f"latency{number}"]
        # In case CloudWatch cuts its periods at the full hour: percentiles of two periods can't be
        # added.
        busiest = max(requests, key=requests.__getitem__, default=None)
        if busiest is None or requests[busiest] < FEWEST_REQUESTS:
            return None
        return latencies.get(busiest)

    def _read(
        self, queries: tuple[MetricDataQueryTypeDef, ...], start: datetime, end: datetime
    ) -> Mapping[str, Mapping[datetime, float]]:
        """Each query's values, by the start of their period."""
        found: dict[str, dict[datetime, float]] = {query["Id"]: {} for query in queries}
        pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                found[result["Id"]] |= dict(
                    zip(result["Timestamps"], result["Values"], strict=True)
                )
        return found


def _fleet(endpoint: str, variant: str, config_name: str | None = None) -> dict[str, str]:
    """The dimensions of one fleet's metrics; without a config, of the whole variant."""
    both = {"EndpointName": endpoint, "VariantName": variant}
    return {**both, "EndpointConfigName": config_name} if config_name else both


def _query(
    name: str, metric: str, dimensions: Mapping[str, str], statistic: str, period_seconds: int
) -> MetricDataQueryTypeDef:
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": INVOCATIONS,
                "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": period_seconds,
            "Stat": statistic,
        },
    }


_HOUR_SECONDS = 3600


class Traffic:
    """One account's endpoint traffic."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def hourly_invocations(
        self, endpoint: str, variant: str, now: datetime
    ) -> tuple[tuple[datetime, float], ...]:
        """The number of invocations in each whole hour of the last 14 days; oldest first.

        Hours without invocations are absent, because CloudWatch keeps no value for them.
        """
        this_hour = now.replace(minute=0, second=0, microsecond=0)
        pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[
                {
                    "Id": "invocations",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/SageMaker",
                            "MetricName": "Invocations",
                            "Dimensions": [
                                {"Name": "EndpointName", "Value": endpoint},
                                {"Name": "VariantName", "Value": variant},
                            ],
                        },
                        "Period": _HOUR_SECONDS,
                        "Stat": "Sum",
                    },
                }
            ],
            StartTime=this_hour - LOOK_BACK,
            EndTime=this_hour,
            ScanBy="TimestampAscending",
        )
        return tuple(
            (at, count)
            for page in pages
            for result in page["MetricDataResults"]
            for at, count in zip(result["Timestamps"], result["Values"], strict=True)
        )
