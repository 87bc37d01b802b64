"""Two weeks of an endpoint's traffic, busy by day and calm at night, as the twin's CloudWatch has it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from switchover_local.twin.cloudwatch.metrics import MetricId

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tests.support.staging import Staging

HOUR = timedelta(hours=1)


def daily_rhythm(at: datetime) -> float:
    """Least at 03:00 UTC; a weekend is half as busy and least at 05:00."""
    is_weekend = at.weekday() >= 5
    calm = 5 if is_weekend else 3
    distance = min((at.hour - calm) % 24, (calm - at.hour) % 24)
    return distance**2 * (2 if is_weekend else 4)


def record_invocations(
    staging: Staging,
    endpoint: str,
    days: int = 14,
    rhythm: Callable[[datetime], float] = daily_rhythm,
) -> None:
    """Let the days before the twin's now have had this traffic; no value where it is 0."""
    series = staging.twin.metrics.series(
        MetricId.of(
            "AWS/SageMaker", "Invocations", {"EndpointName": endpoint, "VariantName": "main"}
        )
    )
    this_hour = staging.clock.now().replace(minute=0, second=0, microsecond=0)
    for back in range(days * 24, 0, -1):
        at = this_hour - back * HOUR
        if count := rhythm(at):
            series.record(1.0, at + HOUR / 2, times=count)
