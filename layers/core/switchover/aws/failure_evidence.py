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
    """Reads the evidence that a failed change leaves for a while."""

    def __init__(self, cloudwatch: CloudWatchClient, logs: ContainerLogs) -> None:
        self._cloudwatch = cloudwatch
        self._logs = logs

    def gather(self, update: Update, seen: Observation) -> Evidence:
        """Gather all evidence of the change under way, bounded in number and length.

        Raises:
            ValueError: the update has no change under way.
        """
        plan, course = update.planned, update.progress.course
        if course is None:
            raise ValueError(f"{update.update_id} has no change under way")
        trips = self.trips(plan, course.started_at)
        # Later streams belong to instances that start during the rollback, with the previous config.
        turned_back = min((trip.at for trip in trips if trip.at), default=seen.at)
        log = self._logs.read(
            plan.endpoint, plan.destination.variant, update.started_at, turned_back
        )
        return Evidence(failure_reason=failure_of(seen), alarms=trips, log=log)

    def log_of(self, update: Update) -> ContainerLog:
        """The new fleet's output from before the change under way, which is the rollback."""
        plan, course = update.planned, update.progress.course
        until = course.started_at if course else update.started_at
        return self._logs.read(plan.endpoint, plan.destination.variant, update.started_at, until)

    def trips(self, plan: Plan, since: datetime) -> tuple[Trip, ...]:
        """The plan's alarms that turned red since then, even if they are OK now; the earliest first."""
        found = (
            self._trip(alarm, plan, since)
            for alarm in self._alarms(plan.alarms.observed)
            # This time changes with the state (API Reference, MetricAlarm), so only these alarms need
            # a history.
            if alarm["StateUpdatedTimestamp"] >= since or alarm["StateValue"] == "ALARM"
        )
        # If several alarms turned red together, the new fleet's own alarm says most.
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
            # The alarm was red already, so its own description is the evidence.
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
    """StateReasonData, as CloudWatch's events and histories show it. AWS specifies no format.

    Seen in CloudWatch User Guide, "Alarm events and EventBridge", and in the AWS CLI's example of
    describe-alarm-history: `recentDatapoints` oldest first, `evaluatedDatapoints` newest first.
    """

    model_config = ConfigDict(extra="ignore")

    start: datetime | None = Field(default=None, alias="startDate")
    period_seconds: int = Field(default=0, alias="period")
    recent: tuple[float, ...] = Field(default=(), alias="recentDatapoints")
    evaluated: tuple[_Evaluated, ...] = Field(default=(), alias="evaluatedDatapoints")


def _datapoints(raw: object) -> tuple[Datapoint, ...]:
    """The datapoints that turned an alarm red, oldest first; none if CloudWatch doesn't report them."""
    try:
        # An object in a history, a text in DescribeAlarms. SetAlarmState accepts any JSON here.
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
    """The metric, fleet and threshold of an alarm. A composite alarm has no metric."""
    statistic = alarm
    metric: Mapping[str, Any] = alarm
    name = alarm.get("MetricName", "")
    # An alarm on an expression is described by its label and by a metric that the expression uses.
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
