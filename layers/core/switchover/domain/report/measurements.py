"""What CloudWatch measured of both fleets while an update ran, and at which resolution to ask for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

# What a page draws well, and what its tables list.
MOST_POINTS = 180
_MINUTE_SECONDS = 60
# How long CloudWatch keeps which resolution (CloudWatch API Reference, GetMetricData).
_KEPT = (
    (timedelta(days=15), _MINUTE_SECONDS),
    (timedelta(days=63), 5 * _MINUTE_SECONDS),
)
_OLDEST_SECONDS = 60 * _MINUTE_SECONDS


class Sight(StrEnum):
    """Whose requests a metric counts. BOTH is what the variant counts without a config's name."""

    OLD = "old"
    NEW = "new"
    BOTH = "both"


class Metric(StrEnum):
    """What the report shows of a fleet, by CloudWatch's name."""

    REQUESTS = "Invocations"
    LATENCY = "ModelLatency"
    ERRORS = "Invocation5XXErrors"
    MODEL_ERRORS = "InvocationModelErrors"


Values = tuple[tuple["datetime", float], ...]


@dataclass(frozen=True, slots=True)
class Measurements:
    """Values by metric and sight, oldest first, in the metric's own unit.

    CloudWatch has no value for a period without requests.
    """

    period_seconds: int
    values: Mapping[tuple[Metric, Sight], Values] = field(default_factory=dict)

    def of(self, metric: Metric, sight: Sight) -> Values:
        """The values of one metric of one fleet; empty if there are none."""
        return self.values.get((metric, sight), ())


def choose_period(begins_at: datetime, ends_at: datetime, now: datetime) -> int:
    """The shortest period that CloudWatch still keeps, and that a page can draw; whole minutes."""
    age = now - begins_at
    kept = next((seconds for limit, seconds in _KEPT if age < limit), _OLDEST_SECONDS)
    pieces = ceil((ends_at - begins_at).total_seconds() / kept / MOST_POINTS)
    return kept * max(1, pieces)
