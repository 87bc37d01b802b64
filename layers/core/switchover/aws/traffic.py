"""How often an endpoint is asked, hour by hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.windows.quiet_hours import LOOK_BACK

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_cloudwatch import CloudWatchClient

_HOUR_SECONDS = 3600


class Traffic:
    """One account's endpoint traffic."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def hourly_invocations(
        self, endpoint: str, variant: str, now: datetime
    ) -> tuple[tuple[datetime, float], ...]:
        """Each whole hour of the last 14 days that had invocations, and how many; oldest first.

        CloudWatch keeps no value for hours without any.
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
