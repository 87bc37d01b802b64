"""The API of CloudWatch for alarms: one method per operation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from switchover_local.twin.wire.messages import Answer
from switchover_local.twin.wire.paging import cut_page
from switchover_local.twin.wire.refusals import Refusal

from .alarm import Alarm
from .alarm_descriptions import (
    ACTION_LISTS,
    describe_alarm,
    describe_composite,
    describe_item,
    request_of,
)
from .alarm_reasons import StateReading
from .alarm_rules import StateValue
from .metric_queries import parse_metric, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_cloudwatch.literals import AlarmTypeType
    from mypy_boto3_cloudwatch.type_defs import (
        DeleteAlarmsInputTypeDef,
        DescribeAlarmHistoryInputTypeDef,
        DescribeAlarmsForMetricInputTypeDef,
        DescribeAlarmsInputTypeDef,
        DisableAlarmActionsInputTypeDef,
        EnableAlarmActionsInputTypeDef,
        ListTagsForResourceInputTypeDef,
        PutCompositeAlarmInputTypeDef,
        PutMetricAlarmInputTypeDef,
        SetAlarmStateInputTypeDef,
        TagResourceInputTypeDef,
        UntagResourceInputTypeDef,
    )

    from switchover_local.twin.clock import Clock
    from switchover_local.twin.wire.paging import Key

    from .alarm_history import HistoryItem
    from .alarms import AlarmBoard
    from .composites import CompositeAlarm, CompositeBoard

_DESCRIBE_PAGE = 50
_HISTORY_PAGE = 100


class AlarmOperations:
    """PutMetricAlarm and everything else about alarms. Log alarms aren't modelled."""

    def __init__(self, board: AlarmBoard, composites: CompositeBoard, clock: Clock) -> None:
        self._board = board
        self._composites = composites
        self._clock = clock
        self._tags: dict[str, dict[str, str]] = {}

    def put_metric_alarm(self, params: PutMetricAlarmInputTypeDef) -> Answer:
        if self._composites.get(params["AlarmName"]) is not None:
            raise _name_taken(params["AlarmName"])
        is_new = self._board.get(params["AlarmName"]) is None
        alarm = self._board.put(params)
        if is_new:  # tags on an existing alarm are ignored; TagResource changes them
            self._tags[alarm.arn] = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
        return Answer()

    def put_composite_alarm(self, params: PutCompositeAlarmInputTypeDef) -> Answer:
        if self._board.get(params["AlarmName"]) is not None:
            raise _name_taken(params["AlarmName"])
        is_new = self._composites.get(params["AlarmName"]) is None
        alarm = self._composites.put(params)
        if is_new:
            self._tags[alarm.arn] = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
        return Answer()

    def describe_alarms(self, params: DescribeAlarmsInputTypeDef) -> Answer:
        if "AlarmNames" in params and "AlarmNamePrefix" in params:
            raise Refusal(
                "InvalidParameterCombination",
                "The parameters AlarmNames and AlarmNamePrefix cannot be specified together.",
            )
        kinds = params.get("AlarmTypes", ["MetricAlarm"])
        every: list[Alarm | CompositeAlarm] = []
        if "CompositeAlarm" in kinds:
            every += self._composites.alarms()
        if "MetricAlarm" in kinds:
            every += self._board.alarms()
        page, more = cut_page(
            [alarm for alarm in every if _is_described(alarm, params)],
            params.get("NextToken"),
            params.get("MaxRecords", _DESCRIBE_PAGE),
            key=lambda alarm: (isinstance(alarm, Alarm), alarm.name),
            refusal=_invalid_token(),
        )
        return Answer(
            {
                "MetricAlarms": [
                    describe_alarm(alarm) for alarm in page if isinstance(alarm, Alarm)
                ],
                "CompositeAlarms": [
                    describe_composite(alarm) for alarm in page if not isinstance(alarm, Alarm)
                ],
                **more,
            }
        )

    def describe_alarms_for_metric(self, params: DescribeAlarmsForMetricInputTypeDef) -> Answer:
        wanted = parse_metric(params)
        matching = [
            alarm
            for alarm in self._board.alarms()
            if alarm.definition.metric is not None
            and alarm.definition.metric.metric == wanted
            and all(
                params[field] == alarm.definition.request.get(field)
                for field in ("Statistic", "ExtendedStatistic", "Period", "Unit")
                if field in params
            )
        ]
        return Answer({"MetricAlarms": [describe_alarm(alarm) for alarm in matching]})

    def describe_alarm_history(self, params: DescribeAlarmHistoryInputTypeDef) -> Answer:
        kinds = params.get("AlarmTypes", ["MetricAlarm"])
        told: list[tuple[HistoryItem, AlarmTypeType]] = []
        told += [(item, "MetricAlarm") for item in self._board.history()]
        told += [(item, "CompositeAlarm") for item in self._composites.history()]
        items = [(i, kind) for i, kind in told if kind in kinds and _is_recounted(i, params)]
        page, more = cut_page(
            items,
            params.get("NextToken"),
            params.get("MaxRecords", _HISTORY_PAGE),
            key=_place_in_history,
            refusal=_invalid_token(),
            is_descending=params.get("ScanBy", "TimestampDescending") == "TimestampDescending",
        )
        return Answer(
            {"AlarmHistoryItems": [describe_item(item, kind) for item, kind in page], **more}
        )

    def set_alarm_state(self, params: SetAlarmStateInputTypeDef) -> Answer:
        reason_data = params.get("StateReasonData")
        if reason_data is not None and not _is_json(reason_data):
            raise Refusal("InvalidFormat", "StateReasonData is not valid JSON.")
        name, value = params["AlarmName"], StateValue(params["StateValue"])
        if self._composites.get(name) is not None:
            now = self._clock.now()
            reading = StateReading(value, params["StateReason"], reason_data, now, is_by_hand=True)
            self._composites.set_state(name, reading)
        else:
            self._board.set_state(name, value, params["StateReason"], reason_data, is_by_hand=True)
        return Answer()

    def delete_alarms(self, params: DeleteAlarmsInputTypeDef) -> Answer:
        composites = [name for name in params["AlarmNames"] if self._composites.get(name)]
        if composites and len(params["AlarmNames"]) > 1:  # DeleteAlarms: one composite per call
            raise refuse("A composite alarm can only be deleted in a call of its own.")
        if composites:
            self._tags.pop(self._composites.delete(composites[0]).arn, None)
            return Answer()
        doomed = [self._board.get(name) for name in params["AlarmNames"]]
        self._board.delete(params["AlarmNames"])
        for alarm in doomed:
            if alarm is not None:
                self._tags.pop(alarm.arn, None)
        return Answer()

    def enable_alarm_actions(self, params: EnableAlarmActionsInputTypeDef) -> Answer:
        self._board.enable_actions(params["AlarmNames"], is_enabled=True)
        return Answer()

    def disable_alarm_actions(self, params: DisableAlarmActionsInputTypeDef) -> Answer:
        self._board.enable_actions(params["AlarmNames"], is_enabled=False)
        return Answer()

    def tag_resource(self, params: TagResourceInputTypeDef) -> Answer:
        tags = self._tags_of(params["ResourceARN"])
        tags |= {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        return Answer()

    def untag_resource(self, params: UntagResourceInputTypeDef) -> Answer:
        tags = self._tags_of(params["ResourceARN"])
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return Answer()

    def list_tags_for_resource(self, params: ListTagsForResourceInputTypeDef) -> Answer:
        tags = self._tags_of(params["ResourceARN"])
        return Answer({"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]})

    def _tags_of(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise Refusal("ResourceNotFoundException", f"Unknown resource: {arn}", status=404)
        return self._tags[arn]


def _is_described(alarm: Alarm | CompositeAlarm, params: DescribeAlarmsInputTypeDef) -> bool:
    return (
        ("AlarmNames" not in params or alarm.name in params["AlarmNames"])
        and alarm.name.startswith(params.get("AlarmNamePrefix", ""))
        and params.get("StateValue", alarm.state.value) == alarm.state.value
        and (
            "ActionPrefix" not in params
            or any(arn.startswith(params["ActionPrefix"]) for arn in _actions(alarm))
        )
    )


def _actions(alarm: Alarm | CompositeAlarm) -> Iterator[str]:
    for field in ACTION_LISTS:
        yield from request_of(alarm).get(field, [])


def _is_recounted(item: HistoryItem, params: DescribeAlarmHistoryInputTypeDef) -> bool:
    start = cast("datetime", params.get("StartDate", item.at))
    end = cast("datetime", params.get("EndDate", item.at))
    return (
        params.get("AlarmName", item.alarm_name) == item.alarm_name
        and params.get("HistoryItemType", item.kind) == item.kind
        and start <= item.at <= end
    )


def _place_in_history(entry: tuple[HistoryItem, AlarmTypeType]) -> Key:
    item, kind = entry
    return item.at.timestamp(), kind == "CompositeAlarm", item.number


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _name_taken(name: str) -> Refusal:
    return refuse(f"There is an alarm of another type that is called {name}.")


def _invalid_token() -> Refusal:
    return Refusal("InvalidNextToken", "The next token is not valid.")
