"""The CloudWatch API, alarms half."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .alarm_rules import StateValue
from .metric_queries import parse_metric
from .paging import cut_page
from .refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from .alarms import Alarm, AlarmBoard, HistoryItem

_DESCRIBE_PAGE = 50
_HISTORY_PAGE = 100
_ACTION_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_NOT_DESCRIBED = {"Tags", "ActionsEnabled"}


class AlarmOperations:
    """PutMetricAlarm and everything else about alarms. Composite and log alarms aren't modelled."""

    def __init__(self, board: AlarmBoard) -> None:
        self._board = board
        self._tags: dict[str, dict[str, str]] = {}

    def put_metric_alarm(self, params: dict[str, Any]) -> dict[str, Any]:
        is_new = self._board.get(params["AlarmName"]) is None
        alarm = self._board.put(params)
        if is_new:  # tags on an existing alarm are ignored: that is TagResource's business
            self._tags[alarm.arn] = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
        return {}

    def describe_alarms(self, params: dict[str, Any]) -> dict[str, Any]:
        if "AlarmNames" in params and "AlarmNamePrefix" in params:
            raise Refusal(
                "InvalidParameterCombination",
                "The parameters AlarmNames and AlarmNamePrefix cannot be specified together.",
            )
        kinds = params.get("AlarmTypes", ["MetricAlarm"])
        matching = [a for a in self._board.alarms() if _is_described(a, params)]
        page, more = cut_page(
            matching if "MetricAlarm" in kinds else [],
            params.get("NextToken"),
            params.get("MaxRecords", _DESCRIBE_PAGE),
            refusal=_invalid_token(),
        )
        described = [_describe(alarm) for alarm in page]
        return {"MetricAlarms": described, "CompositeAlarms": [], **more}

    def describe_alarms_for_metric(self, params: dict[str, Any]) -> dict[str, Any]:
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
        return {"MetricAlarms": [_describe(alarm) for alarm in matching]}

    def describe_alarm_history(self, params: dict[str, Any]) -> dict[str, Any]:
        items = [item for item in self._board.history() if _is_recounted(item, params)]
        if params.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            items.reverse()
        if "MetricAlarm" not in params.get("AlarmTypes", ["MetricAlarm"]):
            items = []
        page, more = cut_page(
            items,
            params.get("NextToken"),
            params.get("MaxRecords", _HISTORY_PAGE),
            refusal=_invalid_token(),
        )
        return {"AlarmHistoryItems": [_describe_item(item) for item in page], **more}

    def set_alarm_state(self, params: dict[str, Any]) -> dict[str, Any]:
        reason_data = params.get("StateReasonData")
        if reason_data is not None and not _is_json(reason_data):
            raise Refusal("InvalidFormat", "StateReasonData is not valid JSON.")
        self._board.set_state(
            params["AlarmName"],
            StateValue(params["StateValue"]),
            params["StateReason"],
            reason_data,
        )
        return {}

    def delete_alarms(self, params: dict[str, Any]) -> dict[str, Any]:
        doomed = [self._board.get(name) for name in params["AlarmNames"]]
        self._board.delete(params["AlarmNames"])
        for alarm in doomed:
            if alarm is not None:
                self._tags.pop(alarm.arn, None)
        return {}

    def enable_alarm_actions(self, params: dict[str, Any]) -> dict[str, Any]:
        self._board.enable_actions(params["AlarmNames"], is_enabled=True)
        return {}

    def disable_alarm_actions(self, params: dict[str, Any]) -> dict[str, Any]:
        self._board.enable_actions(params["AlarmNames"], is_enabled=False)
        return {}

    def tag_resource(self, params: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags_of(params["ResourceARN"])
        tags |= {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        return {}

    def untag_resource(self, params: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags_of(params["ResourceARN"])
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, params: dict[str, Any]) -> dict[str, Any]:
        tags = self._tags_of(params["ResourceARN"])
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _tags_of(self, arn: str) -> dict[str, str]:
        if arn not in self._tags:
            raise Refusal("ResourceNotFoundException", f"Unknown resource: {arn}", status=404)
        return self._tags[arn]


def _is_described(alarm: Alarm, params: dict[str, Any]) -> bool:
    return (
        ("AlarmNames" not in params or alarm.name in params["AlarmNames"])
        and alarm.name.startswith(params.get("AlarmNamePrefix", ""))
        and params.get("StateValue", alarm.state.value) == alarm.state.value
        and (
            "ActionPrefix" not in params
            or any(arn.startswith(params["ActionPrefix"]) for arn in _actions(alarm))
        )
    )


def _actions(alarm: Alarm) -> Iterator[str]:
    for field in _ACTION_LISTS:
        yield from alarm.definition.request.get(field, [])


def _describe(alarm: Alarm) -> dict[str, Any]:
    given = {k: v for k, v in alarm.definition.request.items() if k not in _NOT_DESCRIBED}
    described = {field: [] for field in _ACTION_LISTS} | given
    if alarm.definition.metric is not None:
        described.setdefault("Dimensions", [])
    return described | {
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured_at,
        "ActionsEnabled": alarm.are_actions_enabled,
        "StateValue": alarm.state.value.value,
        "StateReason": alarm.state.reason,
        **({"StateReasonData": alarm.state.reason_data} if alarm.state.reason_data else {}),
        "StateUpdatedTimestamp": alarm.state.at,
        "StateTransitionedTimestamp": alarm.transitioned_at,
    }


def _is_recounted(item: HistoryItem, params: dict[str, Any]) -> bool:
    start: datetime = params.get("StartDate", item.at)
    end: datetime = params.get("EndDate", item.at)
    return (
        params.get("AlarmName", item.alarm_name) == item.alarm_name
        and params.get("HistoryItemType", item.kind) == item.kind
        and start <= item.at <= end
    )


def _describe_item(item: HistoryItem) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm_name,
        "AlarmType": "MetricAlarm",
        "Timestamp": item.at,
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": item.document,
    }


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _invalid_token() -> Refusal:
    return Refusal("InvalidNextToken", "The next token is not valid.")
