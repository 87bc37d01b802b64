"""PutMetricAlarm: what is accepted, what is refused, and metric math."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.alarm_room import NOON, Room, stat

from switchover_local.twin.wire.refusals import Refusal


def test_a_math_alarm_watches_the_expression_that_returns_data() -> None:
    room = Room()
    room.put_math(
        [
            stat("errors"),
            stat("calls", MetricName="calls"),
            {"Id": "share", "Expression": "100 * errors / calls", "ReturnData": True},
        ]
    )
    room.store.record("N", "calls", {}, 10, NOON)

    states = room.pass_minutes(1.0)

    assert states == ["ALARM"]
    assert "[10.0 (01/03/26 12:00:00)]" in room.reason()


def test_an_expression_may_build_on_one_that_comes_after_it() -> None:
    room = Room()
    room.put_math(
        [
            {"Id": "double", "Expression": "filled * 2", "ReturnData": True},
            {"Id": "filled", "Expression": "FILL(m1, 3)", "ReturnData": False},
            stat("m1"),
        ]
    )

    assert room.pass_minutes(None) == ["ALARM"]


@pytest.mark.parametrize(
    ("metrics", "complaint"),
    [
        ([stat("m1"), stat("m2")], "Exactly one element"),
        ([stat("m1", returned=True), stat("m2", returned=True)], "Exactly one element"),
        ([stat("m1"), stat("m1", returned=True)], "not unique"),
        ([stat("M1", returned=True)], "lowercase"),
        ([stat("m1"), {"Id": "e", "Expression": "m2 * 2", "ReturnData": True}], "refers to m2"),
        ([stat("m1"), {"Id": "e", "Expression": "SUM(m1)", "ReturnData": True}], "time series"),
        ([stat("m1"), {"Id": "e", "Expression": "DIFF(m1)", "ReturnData": True}], "DIFF"),
        ([{"Id": "e", "Expression": "1 + 1", "ReturnData": True}], "period"),
    ],
)
def test_a_math_alarm_that_cannot_work_is_refused(
    metrics: list[dict[str, Any]], complaint: str
) -> None:
    with pytest.raises(Refusal, match=complaint):
        Room().put_math(metrics)


@pytest.mark.parametrize(
    "definition",
    [
        {"Period": 60, "EvaluationPeriods": 1440},
        {"Period": 3600, "EvaluationPeriods": 168},
        {"Period": 10, "EvaluationPeriods": 8640},
        {"EvaluationPeriods": 3, "DatapointsToAlarm": 3},
    ],
)
def test_the_longest_alarms_are_accepted(definition: dict[str, Any]) -> None:
    assert Room().put(**definition).name == "red"


@pytest.mark.parametrize(
    ("definition", "complaint"),
    [
        ({"Period": 60, "EvaluationPeriods": 1441}, "more than a day"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "more than a week"),
        ({"Period": 15}, "multiple of 60"),
        ({"Period": 90}, "multiple of 60"),
        ({"EvaluationPeriods": 2, "DatapointsToAlarm": 3}, "DatapointsToAlarm"),
        ({"TreatMissingData": "notbreaching"}, "TreatMissingData"),
        ({"ExtendedStatistic": "p99"}, "Exactly one of Statistic"),
        ({"Statistic": "p99.9.9"}, "not supported"),
        ({"Metrics": []}, "Exactly one of MetricName"),
        ({"AlarmActions": ["not-an-arn"]}, "Invalid arn syntax"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "anomaly"),
        ({"EvaluateLowSampleCountPercentile": "sometimes"}, "EvaluateLowSample"),
        ({"Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]}, "twice"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(
    definition: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(Refusal, match=complaint):
        Room().put(**definition)


def test_a_refused_definition_leaves_no_alarm_behind() -> None:
    room = Room()
    with pytest.raises(Refusal):
        room.put(Period=15)

    assert room.board.alarms() == []


def test_a_new_definition_leaves_the_state_as_it_is() -> None:
    room = Room()
    room.put()
    room.pass_minutes(9)

    room.put(Threshold=100)

    assert room.state() == "ALARM"
    assert room.pass_minutes(9) == ["OK"]
