"""Reasons read as CloudWatch's do and fit the fields they go into."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.alarm_room import Room

from switchover_local.twin.cloudwatch.alarm_rules import StateValue


@pytest.mark.parametrize(
    ("definition", "values", "reason"),
    [
        (
            {"EvaluationPeriods": 2, "DatapointsToAlarm": 2},
            (8, 9),
            (
                "Threshold Crossed: 2 out of the last 2 datapoints [9.0 (01/03/26 12:01:00), "
                "8.0 (01/03/26 12:00:00)] were greater than the threshold (5.0) "
                "(minimum 2 datapoints for OK -> ALARM transition)."
            ),
        ),
        (
            {"EvaluationPeriods": 4, "DatapointsToAlarm": 3},
            (8, 9, 8, 1, 2),
            (
                "Threshold Crossed: 2 out of the last 4 datapoints [2.0 (01/03/26 12:04:00), "
                "1.0 (01/03/26 12:03:00)] were not greater than the threshold (5.0) "
                "(minimum 2 datapoints for ALARM -> OK transition)."
            ),
        ),
        (
            {"EvaluationPeriods": 3, "DatapointsToAlarm": 3},
            (8, 9, 8, 1),
            (
                "Threshold Crossed: 1 out of the last 3 datapoints [1.0 (01/03/26 12:03:00)] "
                "was not greater than the threshold (5.0) "
                "(minimum 1 datapoint for ALARM -> OK transition)."
            ),
        ),
        (
            {},
            (9,),
            (
                "Threshold Crossed: 1 datapoint [9.0 (01/03/26 12:00:00)] "
                "was greater than the threshold (5.0)."
            ),
        ),
        (
            {"TreatMissingData": "notBreaching", "EvaluationPeriods": 2},
            (None,),
            (
                "Threshold Crossed: no datapoints were received for 2 periods "
                "and 2 missing datapoints were treated as [NonBreaching]."
            ),
        ),
        (
            {"TreatMissingData": "breaching", "EvaluationPeriods": 2, "DatapointsToAlarm": 1},
            (1,),
            (
                "Threshold Crossed: 1 datapoint was received for 2 periods "
                "and 1 missing datapoint was treated as [Breaching]."
            ),
        ),
        (
            {"ComparisonOperator": "LessThanOrEqualToThreshold", "EvaluationPeriods": 5},
            (1, 1, 1, 1, 2),
            (
                "Threshold Crossed: 5 datapoints were less than or equal to the threshold (5.0). "
                "The most recent datapoints which crossed the threshold: [2.0 (01/03/26 12:04:00), "
                "1.0 (01/03/26 12:03:00), 1.0 (01/03/26 12:02:00), 1.0 (01/03/26 12:01:00), "
                "1.0 (01/03/26 12:00:00)]."
            ),
        ),
    ],
)
def test_a_reason_reads_as_cloudwatchs_do(
    definition: dict[str, Any], values: tuple[float | None, ...], reason: str
) -> None:
    room = Room()
    room.put(**definition)

    room.pass_minutes(*values)

    assert room.reason() == reason


def test_while_the_state_stays_so_do_its_reason_and_its_time() -> None:
    room = Room()
    room.put()
    room.pass_minutes(9)
    (before,) = room.board.alarms()

    room.pass_minutes(8, 7)

    assert room.board.alarms() == [before]


def test_a_history_item_leaves_reason_data_out_rather_than_overflow() -> None:
    room = Room()
    room.put(TreatMissingData="ignore")
    long = json.dumps({"note": "x" * 3000})
    room.board.set_state("red", StateValue.OK, "by hand", long)
    room.board.set_state("red", StateValue.ALARM, "by hand", long)

    document = room.board.history()[-1].document

    assert json.loads(document)["newState"] == {"stateValue": "ALARM", "stateReason": "by hand"}


def test_an_alarm_that_loses_its_data_says_how_much_it_lacks() -> None:
    room = Room()
    room.put(EvaluationPeriods=2)

    states = room.pass_minutes(1, None, None, None, None)

    assert states[3:] == ["OK", "INSUFFICIENT_DATA"]
    assert room.reason() == "Insufficient Data: 2 datapoints were unknown."


def test_the_reason_data_are_cloudwatchs() -> None:
    room = Room()
    room.put(EvaluationPeriods=2)
    room.pass_minutes(1, 9, 8)

    (alarm,) = room.board.alarms()

    assert json.loads(alarm.state.reason_data or "") == {
        "version": "1.0",
        "queryDate": "2026-03-01T12:03:00.000+0000",
        "startDate": "2026-03-01T12:01:00.000+0000",
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [9.0, 8.0],
        "threshold": 5.0,
        "evaluatedDatapoints": [
            {"timestamp": "2026-03-01T12:02:00.000+0000", "sampleCount": 1.0, "value": 8.0},
            {"timestamp": "2026-03-01T12:01:00.000+0000", "sampleCount": 1.0, "value": 9.0},
        ],
    }


def test_the_longest_reason_fits_the_fields_it_goes_into() -> None:
    room = Room()
    room.put(EvaluationPeriods=120)
    room.pass_minutes(*([9.123456789012345] * 120), 1.0, *([9.123456789012345] * 120))

    (alarm,) = room.board.alarms()

    assert alarm.state.value == "ALARM"
    assert len(alarm.state.reason) <= 1023
    assert len(alarm.state.reason_data or "") <= 4000
    assert all(len(item.document) <= 4095 for item in room.board.history())
