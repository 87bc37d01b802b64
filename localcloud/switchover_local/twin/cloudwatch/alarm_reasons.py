"""CloudWatch's reasons for a state: StateReason for people, StateReasonData for machines.

AWS doesn't specify these texts. They follow alarms seen in public: state-change events, histories
and notifications of 2018 to 2026 agree on the forms below.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .alarm_rules import Comparison, MissingData, StateValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .alarm_definition import AlarmDefinition, Observation
    from .metrics import Datapoint

CREATION_REASON = "Unchecked: Initial alarm creation"

# From this many datapoints on, CloudWatch lists only the most recent ones that made the state.
_LONG_LIST = 5

# StateReasonData holds 4000 characters at most, and a history item two of them in 4095.
_MOST_LISTED = 10

_PHRASES = {
    Comparison.GREATER: "greater than",
    Comparison.GREATER_OR_EQUAL: "greater than or equal to",
    Comparison.LESS: "less than",
    Comparison.LESS_OR_EQUAL: "less than or equal to",
}
_FILLED_AS = {MissingData.BREACHING: "Breaching", MissingData.NOT_BREACHING: "NonBreaching"}


@dataclass(frozen=True, slots=True)
class StateReading:
    """An alarm's state, why, and since when."""

    value: StateValue
    reason: str
    reason_data: str | None
    at: datetime
    is_by_hand: bool = False
    """Whether SetAlarmState set it, or set the alarm that this one follows."""


def explain(
    definition: AlarmDefinition, observation: Observation, value: StateValue, at: datetime
) -> StateReading:
    """Say why the alarm is in the state `value`, as CloudWatch would."""
    return StateReading(
        value=value,
        reason=_reason(definition, observation, value),
        reason_data=_reason_data(definition, observation, at),
        at=at,
    )


def format_moment(at: datetime) -> str:
    """The way CloudWatch writes times inside JSON: milliseconds and a zone without colon."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def _reason(definition: AlarmDefinition, observation: Observation, value: StateValue) -> str:
    considered = definition.rule.considered
    if value is StateValue.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(considered, 'datapoint')} {_was(considered)} unknown."
    real = _considered_points(definition, observation)
    if not real:
        received = f"no datapoints were received for {_count(considered, 'period')}"
        return f"Threshold Crossed: {received}{_filled(definition, observation)}."
    in_alarm = value is StateValue.ALARM
    decisive = [p for p in real if _is_breached(definition, p) is in_alarm]
    if not decisive:
        received = (
            f"{_count(len(real), 'datapoint')} {_was(len(real))} received "
            f"for {_count(considered, 'period')}"
        )
        return f"Threshold Crossed: {received}{_filled(definition, observation)}."
    return (
        f"Threshold Crossed: {_crossing(definition, decisive, in_alarm=in_alarm)}"
        f"{_filled(definition, observation)}{_transition(definition, in_alarm=in_alarm)}."
    )


def _crossing(definition: AlarmDefinition, decisive: Sequence[Datapoint], *, in_alarm: bool) -> str:
    count = len(decisive)
    head = _count(count, "datapoint")
    if "DatapointsToAlarm" in definition.request:
        head = f"{count} out of the last {definition.rule.considered} datapoints"
    listed = ", ".join(
        f"{point.value} ({datetime.fromtimestamp(point.start, UTC):%d/%m/%y %H:%M:%S})"
        for point in decisive[:_LONG_LIST]
    )
    threshold = (
        f"{'' if in_alarm else 'not '}{_PHRASES[definition.comparison]} "
        f"the threshold ({float(definition.threshold)})"
    )
    if count < _LONG_LIST:
        return f"{head} [{listed}] {_was(count)} {threshold}"
    verb = "crossed" if in_alarm else "did not cross"
    recent = f"The most recent datapoints which {verb} the threshold: [{listed}]"
    return f"{head} {_was(count)} {threshold}. {recent}"


def _transition(definition: AlarmDefinition, *, in_alarm: bool) -> str:
    if "DatapointsToAlarm" not in definition.request:
        return ""
    rule = definition.rule
    least = rule.needed if in_alarm else rule.considered - rule.needed + 1
    way = "OK -> ALARM" if in_alarm else "ALARM -> OK"
    return f" (minimum {_count(least, 'datapoint')} for {way} transition)"


def _filled(definition: AlarmDefinition, observation: Observation) -> str:
    rule = definition.rule
    fills = rule.count_fills(observation.breaches)
    if fills == 0 or rule.missing not in _FILLED_AS:
        return ""
    return (
        f" and {_count(fills, 'missing datapoint')} {_was(fills)} "
        f"treated as [{_FILLED_AS[rule.missing]}]"
    )


def _reason_data(definition: AlarmDefinition, observation: Observation, at: datetime) -> str:
    real = _considered_points(definition, observation)
    newest_starts = observation.starts[: -definition.rule.considered - 1 : -1]
    document: dict[str, Any] = {"version": "1.0", "queryDate": format_moment(at)}
    if real:
        document["startDate"] = _moment(real[-1].start)
    if definition.metric is not None:
        document["statistic"] = definition.metric.statistic
    document["period"] = definition.period_seconds
    document["recentDatapoints"] = [point.value for point in reversed(real[:_MOST_LISTED])]
    document["threshold"] = float(definition.threshold)
    document["evaluatedDatapoints"] = [_evaluated(point) for point in real[:_MOST_LISTED]] or [
        {"timestamp": _moment(start)} for start in newest_starts[:_MOST_LISTED]
    ]
    return json.dumps(document, separators=(",", ":"))


def _evaluated(point: Datapoint) -> dict[str, Any]:
    samples = {} if point.sample_count is None else {"sampleCount": point.sample_count}
    return {"timestamp": _moment(point.start), **samples, "value": point.value}


def _considered_points(definition: AlarmDefinition, observation: Observation) -> list[Datapoint]:
    return observation.considered(definition.rule.considered)[::-1]


def _is_breached(definition: AlarmDefinition, point: Datapoint) -> bool:
    return definition.comparison.is_breached(point.value, definition.threshold)


def _moment(start: int) -> str:
    return format_moment(datetime.fromtimestamp(start, UTC))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
