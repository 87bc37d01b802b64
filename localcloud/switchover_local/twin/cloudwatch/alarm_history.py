"""The history of alarms, as DescribeAlarmHistory answers it."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from .alarm_reasons import format_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .alarm import Alarm
    from .alarm_reasons import StateReading

_ITEMS_KEPT = 10_000
_DATA_CHARACTERS = 4095

Deed = Literal["created", "updated", "deleted"]


@dataclass(frozen=True, slots=True)
class HistoryItem:
    """One line of an alarm's history."""

    alarm_name: str
    at: datetime
    kind: Literal["StateUpdate", "ConfigurationUpdate", "Action"]
    summary: str
    document: str
    number: int = 0
    """Its place among all lines that were ever written, by which pages are told apart."""


class History:
    """The newest lines, oldest first."""

    def __init__(self) -> None:
        self._items: deque[HistoryItem] = deque(maxlen=_ITEMS_KEPT)
        self._numbers = count(1)

    def add(self, item: HistoryItem) -> None:
        """Write one more line."""
        self._items.append(replace(item, number=next(self._numbers)))

    def items(self) -> list[HistoryItem]:
        """Every line that is kept."""
        return list(self._items)


def recount_transition(name: str, old: StateReading, new: StateReading) -> HistoryItem:
    """The history line of a change of state."""
    summary = f"Alarm updated from {old.value} to {new.value}"
    return HistoryItem(name, new.at, "StateUpdate", summary, _transition_document(old, new))


def recount_notice(alarm: Alarm, topic_arn: str) -> HistoryItem:
    """The history line of an SNS action; the words are from many public incident reports."""
    document = {
        "actionState": "Succeeded",
        "notificationResource": topic_arn,
        "stateUpdateTimestamp": round(alarm.state.at.timestamp() * 1000),
    }
    summary = f"Successfully executed action {topic_arn}"
    return HistoryItem(alarm.name, alarm.state.at, "Action", summary, _to_json(document))


def recount_configuration(alarm: Alarm, deed: Deed, at: datetime) -> HistoryItem:
    """The history line of an alarm's creation, update or deletion."""
    type_ = {"created": "Create", "updated": "Update", "deleted": "Delete"}[deed]
    document = {
        "version": "1.0",
        "type": type_,
        f"{deed}Alarm": {
            "stateUpdatedTimestamp": format_moment(alarm.state.at),
            "alarmArn": alarm.arn,
            "alarmName": alarm.name,
            "comparisonOperator": alarm.definition.comparison,
            "evaluationPeriods": alarm.definition.rule.considered,
            "threshold": alarm.definition.threshold,
            "treatMissingData": alarm.definition.rule.missing,
        },
    }
    summary = f'Alarm "{alarm.name}" {deed}'
    return HistoryItem(alarm.name, at, "ConfigurationUpdate", summary, _to_json(document))


def _transition_document(old: StateReading, new: StateReading) -> str:
    readings = {"oldState": old, "newState": new}
    for has_data in (True, False):
        told = {key: _recount(reading, has_data=has_data) for key, reading in readings.items()}
        document = _to_json({"version": "1.0", **told})
        if len(document) <= _DATA_CHARACTERS:
            break
    return document


def _recount(reading: StateReading, *, has_data: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"stateValue": reading.value, "stateReason": reading.reason}
    if has_data and reading.reason_data is not None:
        told["stateReasonData"] = json.loads(reading.reason_data)
    return told


def _to_json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))
