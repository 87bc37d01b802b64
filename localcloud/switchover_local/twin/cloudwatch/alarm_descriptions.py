"""Alarms and their history, as CloudWatch describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from .alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_cloudwatch.literals import AlarmTypeType
    from mypy_boto3_cloudwatch.type_defs import (
        AlarmHistoryItemTypeDef,
        CompositeAlarmTypeDef,
        MetricAlarmTypeDef,
    )

    from .alarm_history import HistoryItem
    from .composites import CompositeAlarm

ACTION_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_NOT_DESCRIBED = {"Tags", "ActionsEnabled"}


def request_of(alarm: Alarm | CompositeAlarm) -> Mapping[str, Any]:
    """The request that the alarm was put with."""
    return alarm.definition.request if isinstance(alarm, Alarm) else alarm.request


def describe_alarm(alarm: Alarm) -> MetricAlarmTypeDef:
    """A metric alarm as DescribeAlarms gives it."""
    described = _describe_state(alarm) | {"ActionsEnabled": alarm.are_actions_enabled}
    if alarm.definition.metric is not None:
        described.setdefault("Dimensions", [])
    return cast("MetricAlarmTypeDef", described)


def describe_composite(alarm: CompositeAlarm) -> CompositeAlarmTypeDef:
    """A composite alarm as DescribeAlarms gives it."""
    described = _describe_state(alarm)
    described["ActionsEnabled"] = alarm.request.get("ActionsEnabled", True)
    return cast("CompositeAlarmTypeDef", described)


def describe_item(item: HistoryItem, alarm_type: AlarmTypeType) -> AlarmHistoryItemTypeDef:
    """A line of history as DescribeAlarmHistory gives it."""
    return {
        "AlarmName": item.alarm_name,
        "AlarmType": alarm_type,
        "Timestamp": item.at,
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": item.document,
    }


def _describe_state(alarm: Alarm | CompositeAlarm) -> dict[str, Any]:
    given = {k: v for k, v in request_of(alarm).items() if k not in _NOT_DESCRIBED}
    described = {field: [] for field in ACTION_LISTS} | given
    return described | {
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured_at,
        "StateValue": alarm.state.value.value,
        "StateReason": alarm.state.reason,
        **({"StateReasonData": alarm.state.reason_data} if alarm.state.reason_data else {}),
        "StateUpdatedTimestamp": alarm.state.at,
        "StateTransitionedTimestamp": alarm.transitioned_at,
    }
