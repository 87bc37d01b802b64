"""Gathers the evidence of a failed update before AWS deletes or overwrites it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from switchover.domain.evidence import Datapoint, Fleet, Trip, fleet_of
from switchover.domain.fleet import AlarmState
from switchover.domain.observing import failure_of
from switchover.domain.update.records import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_cloudwatch import CloudWatchClient

    from switchover.aws.container_logs import ContainerLogs
    from switchover.domain.evidence import ContainerLog
    from switchover.domain.observing import Observation
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update

_NAMES_PER_CALL = 100  # DescribeAlarms
_KINDS: Any = ["MetricAlarm", "CompositeAlarm"]
_MOST_DATAPOINTS = 10


class FailureEvidence:
    """What a change that went wrong leaves behind for a while."""

    def __init__(self, cloudwatch: CloudWatchClient, logs: ContainerLogs) -> None:
        self._cloudwatch = cloudwatch
        self._logs = logs

    def gather(self, update: Update, seen: Observation) -> Evidence:
        """Everything there is on the change that is under way, bounded in number and length.

        Raises:
            ValueError: the update has no change under way.
        """
        plan, course = update.planned, update.progress.course
        if course is None:
            raise ValueError(f"{update.update_id} has no change under way")
        trips = self.trips(plan, course.started_at)
        # Later streams are of instances that come up on the way back, with the previous config.
        turned_back = min((trip.at for trip in trips if trip.at), default=seen.at)
        log = self._logs.read(
            plan.endpoint, plan.destination.variant, update.started_at, turned_back
        )
        return Evidence(failure_reason=failure_of(seen), alarms=trips, log=log)

    def log_of(self, update: Update) -> ContainerLog:
        """What the new fleet printed before the change that is under way, which is the way back."""
        plan, course = update.planned, update.progress.course
        until = course.started_at if course else update.started_at
        return self._logs.read(plan.endpoint, plan.destination.variant, update.started_at, until)

    def trips(self, plan: Plan, since: datetime) -> tuple[Trip, ...]:
        """The plan's alarms that went red since then, though they be quiet now; first things first."""
        found = (
            self._trip(alarm, plan, since)
            for alarm in self._alarms(plan.alarms.observed)
            # Updated whenever the state is (API Reference, MetricAlarm): the others need no history.
            if alarm["StateUpdatedTimestamp"] >= since or alarm["StateValue"] == "ALARM"
        )
        # Of those that turned red together, the new fleet's own tells most.
        return tuple(
            sorted(
                filter(None, found),
                key=lambda trip: (trip.at or since, trip.fleet is not Fleet.NEW),
            )
        )

    def _alarms(self, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        for start in range(0, len(names), _NAMES_PER_CALL):
            pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
                AlarmNames=list(names[start : start + _NAMES_PER_CALL]), AlarmTypes=_KINDS
            )
            for page in pages:
                yield from page.get("MetricAlarms", ())
                yield from page.get("CompositeAlarms", ())

    def _trip(self, alarm: Mapping[str, Any], plan: Plan, since: datetime) -> Trip | None:
        told = self._red_since(alarm["AlarmName"], since)
        if told is None and alarm["StateValue"] == "ALARM":
            # It was red already: then it is what it says of itself.
            told = (
                alarm.get("StateTransitionedTimestamp", alarm["StateUpdatedTimestamp"]),
                alarm.get("StateReason", ""),
                alarm.get("StateReasonData"),
            )
        if told is None:
            return None
        at, reason, raw = told
        return Trip(
            name=alarm["AlarmName"],
            state=AlarmState.ALARM,
            reason=reason,
            at=at,
            datapoints=_datapoints(raw),
            **_measured(alarm, plan),
        )

    def _red_since(self, name: str, since: datetime) -> tuple[datetime, str, object] | None:
        pages = self._cloudwatch.get_paginator("describe_alarm_history").paginate(
            AlarmName=name,
            AlarmTypes=_KINDS,
            HistoryItemType="StateUpdate",
            StartDate=since,
            ScanBy="TimestampAscending",
        )
        for page in pages:
            for item in page["AlarmHistoryItems"]:
                state = json.loads(item.get("HistoryData") or "{}").get("newState", {})
                if state.get("stateValue") == "ALARM":
                    reason = str(state.get("stateReason", ""))
                    return item["Timestamp"], reason, state.get("stateReasonData")
        return None


class _Evaluated(BaseModel):
    model_config = ConfigDict(extra="ignore")

    timestamp: datetime
    value: float | None = None


class _ReasonData(BaseModel):
    """StateReasonData, as events and histories of CloudWatch show it; AWS specifies no form.

    Seen in CloudWatch User Guide, "Alarm events and EventBridge", and in the AWS CLI's example of
    describe-alarm-history: `recentDatapoints` oldest first, `evaluatedDatapoints` newest first.
    """

    model_config = ConfigDict(extra="ignore")

    start: datetime | None = Field(default=None, alias="startDate")
    period_seconds: int = Field(default=0, alias="period")
    recent: tuple[float, ...] = Field(default=(), alias="recentDatapoints")
    evaluated: tuple[_Evaluated, ...] = Field(default=(), alias="evaluatedDatapoints")


def _datapoints(raw: object) -> tuple[Datapoint, ...]:
    """The datapoints that turned an alarm red, oldest first; none if they aren't told."""
    try:
        # An object in a history, a text in DescribeAlarms; whoever sets an alarm may write any JSON.
        told = _ReasonData.model_validate(json.loads(raw) if isinstance(raw, str) else raw)
    except (ValidationError, ValueError):
        return ()
    valued = sorted(
        (each.timestamp, each.value) for each in told.evaluated if each.value is not None
    )
    if valued:
        points = tuple(Datapoint(at=at, value=value) for at, value in valued)
    else:
        step, start = timedelta(seconds=told.period_seconds), told.start
        points = tuple(
            Datapoint(at=start + number * step if start else None, value=value)
            for number, value in enumerate(told.recent)
        )
    return points[-_MOST_DATAPOINTS:]


def _measured(alarm: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Which metric an alarm watches, of which fleet, against what. A composite one watches none."""
    statistic = alarm
    metric: Mapping[str, Any] = alarm
    name = alarm.get("MetricName", "")
    # An alarm on an expression is told by what it returns, and by the first metric that goes into it.
    for query in alarm.get("Metrics", ()):
        statistic = query.get("MetricStat", statistic)
        metric = statistic.get("Metric", metric)
        if query.get("ReturnData", True):
            name = query.get("Label") or query.get("Expression") or metric.get("MetricName", "")
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
    return {
        "metric": name,
        "fleet": fleet_of(dimensions, plan),
        "statistic": alarm.get("Statistic") or alarm.get("ExtendedStatistic", ""),
        "comparison": alarm.get("ComparisonOperator", ""),
        "threshold": alarm.get("Threshold"),
        "period_seconds": alarm.get("Period", 0),
    }
