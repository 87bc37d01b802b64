"""The evidence of a failed update, in words and convenient units.

Alarms, instances and log streams disappear, so the evidence is recorded at once. Its size is limited.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.fleet import AlarmReading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from switchover.domain.plans.plan import Plan

MOST_LINES = 10
_LINE_LENGTH = 300
# The part of a line that is searched. A longer line is data, not a message.
_READ_LENGTH = 1000
_US_PER_SECOND = 1_000_000
# Counted in microseconds (rules §4).
_LATENCIES = frozenset({"ModelLatency", "OverheadLatency", "ModelSetupTime"})
# 0 or 1 per request, so that their average is a rate (rules §4).
_ERRORS = frozenset({"Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors"})
_UTILISATION = "Utilization"
_COMPARISONS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at or above",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at or below",
}
_TROUBLE = re.compile(
    r"error|exception|traceback|cuda|out of memory|\boom\b|killed|fatal|panic|no space left",
    re.IGNORECASE,
)
# A container may print its secrets: tokens of Hugging Face and AWS, and values with such names.
_SECRET = re.compile(
    r"\b(?:hf_\w{8,}|(?:AKIA|ASIA)[A-Z0-9]{16}|Bearer\s+[^\s\"',}]+)"
    r"|(?P<name>\b\w*(?:token(?!iz|s)|secret|password|api_?key)\w*[\"']?\s*[=:]\s*[\"']?)"
    r"[^\s\"',}]{6,}",
    re.IGNORECASE,
)


class Fleet(StrEnum):
    """The fleet whose metrics an alarm watches."""

    NEW = "new fleet"
    OLD = "old fleet"
    BOTH = "both fleets"
    OTHER = "not the endpoint"


_OF_FLEET = {
    Fleet.NEW: " of the new fleet",
    Fleet.OLD: " of the old fleet",
    Fleet.BOTH: " of both fleets",
    Fleet.OTHER: "",
}


class Datapoint(BaseModel):
    """One value that an alarm looked at, in the metric's own unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime | None = None
    value: float


class Trip(AlarmReading):
    """An alarm that turned red: its time, metric, fleet and datapoints.

    A field that CloudWatch didn't report is empty: an alarm that was set by hand has no datapoints,
    and a composite alarm has no metric. `datapoints` are oldest first, `threshold` is in the metric's
    own unit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    at: datetime | None = None
    fleet: Fleet = Fleet.OTHER
    metric: str = ""
    statistic: str = ""
    comparison: str = ""
    threshold: float | None = None
    period_seconds: int = 0
    datapoints: tuple[Datapoint, ...] = ()


class LogLine(BaseModel):
    """One line of a container's log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    stream: str
    text: str


class ContainerLog(BaseModel):
    """The end of the new fleet's log; `note` says why there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str = ""
    lines: tuple[LogLine, ...] = ()
    note: str = ""


def fleet_of(dimensions: Mapping[str, str], plan: Plan) -> Fleet:
    """The fleet whose metrics these dimensions select, in an update with this plan."""
    if dimensions.get("EndpointName") != plan.endpoint:
        is_ours = dimensions.get("EndpointConfigName") == plan.target.config
        return Fleet.NEW if is_ours else Fleet.OTHER
    match dimensions.get("EndpointConfigName"):
        case None:
            return Fleet.BOTH
        case plan.target.config:
            return Fleet.NEW
        case plan.previous.config:
            return Fleet.OLD
        case _:
            return Fleet.OTHER


def choose_lines(lines: Sequence[LogLine]) -> tuple[LogLine, ...]:
    """The last lines with words of errors; if there are none, the last lines. Shortened, oldest first."""
    ordered = sorted((line for line in lines if line.text.strip()), key=lambda line: line.at)
    troubled = [line for line in ordered if _TROUBLE.search(line.text, 0, _READ_LENGTH)]
    return tuple(
        line.model_copy(update={"text": _clean(line.text)})
        for line in (troubled or ordered)[-MOST_LINES:]
    )


def say_value(trip: Trip, value: float) -> str:
    """A value of the alarm's metric in words: `20 s`, `70 %`, `0.4`."""
    if trip.metric in _LATENCIES and trip.statistic != "SampleCount":
        seconds = value / _US_PER_SECOND
        return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
    if trip.metric in _ERRORS and trip.statistic == "Average":
        return f"{value * 100:.3g} %"
    return f"{value:.4g} %" if trip.metric.endswith(_UTILISATION) else f"{value:.6g}"


def say_metric(trip: Trip) -> str:
    """The measurement of the alarm: `p99 ModelLatency`."""
    is_rate = trip.metric in _ERRORS and trip.statistic == "Average"
    return f"{'rate of' if is_rate else trip.statistic} {trip.metric}".strip()


def say_limit(trip: Trip) -> str:
    """The alarm's limit: `above 5 s`; empty for an alarm without a threshold."""
    if trip.threshold is None:
        return ""
    compared = _COMPARISONS.get(trip.comparison, "against")
    return f"{compared} {say_value(trip, trip.threshold)}"


def say_trip(trip: Trip) -> str:
    """One sentence with the measured values, the limit, the fleet and the time."""
    when = f" at {say_time(trip.at)}" if trip.at else ""
    if not trip.metric or trip.threshold is None or not trip.datapoints:
        return f"went red{when}: {trip.reason}"
    values = ", ".join(say_value(trip, point.value) for point in trip.datapoints)
    return (
        f"went red{when}: {say_metric(trip)}{_OF_FLEET[trip.fleet]} {values}"
        f" (red {say_limit(trip)})."
    )


def say_time(at: datetime) -> str:
    """The time of day in UTC, to the second."""
    return f"{at.astimezone(UTC):%H:%M:%S} UTC"


def _clean(text: str) -> str:
    bare = _SECRET.sub(lambda found: f"{found['name'] or ''}[hidden]", text.strip()[:_READ_LENGTH])
    return bare if len(bare) <= _LINE_LENGTH else f"{bare[: _LINE_LENGTH - 1]}…"
