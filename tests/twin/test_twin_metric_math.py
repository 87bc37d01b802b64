"""Metric math does what CloudWatch's does, and refuses by name what it doesn't know."""

from __future__ import annotations

import pytest

from switchover_local.twin.cloudwatch.metric_math import Expression
from switchover_local.twin.cloudwatch.metric_series import Grid, MathError, Points, Value

GRID = Grid(start=0, end=300, period_seconds=60)
M1: Points = {0: 1.0, 60: 2.0, 180: 4.0}
M2: Points = {0: 10.0, 60: 0.0, 120: 30.0}


def work_out(text: str) -> Value:
    return Expression.parse(text).evaluate({"m1": M1, "m2": M2}, GRID)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("m1", M1),
        ("m1 + 1", {0: 2, 60: 3, 180: 5}),
        ("m1 + m2", {0: 11, 60: 2}),
        ("m2 - m1", {0: 9, 60: -2}),
        ("100 * m1 / (m1 + m2)", {0: 100 / 11, 60: 100}),
        ("m1 / m2", {0: 0.1}),  # 2/0 is no datapoint
        ("2 * m1 ^ 2", {0: 2, 60: 8, 180: 32}),
        ("-m1", {0: -1, 60: -2, 180: -4}),
        ("m1 > 1", {0: 0, 60: 1, 180: 1}),
        ("m1 >= 2 && m2 > 0", {0: 0, 60: 0}),
        ("m1 >= 2 OR m2 > 0", {0: 1, 60: 1}),
        ("SUM([m1, m2])", {0: 11, 60: 2, 120: 30, 180: 4}),
        ("AVG([m1, m2])", {0: 5.5, 60: 1, 120: 30, 180: 4}),
        ("MIN([m1, m2])", {0: 1, 60: 0, 120: 30, 180: 4}),
        ("MAX([m1, m2])", {0: 10, 60: 2, 120: 30, 180: 4}),
        ("SUM(m1)", 7),
        ("MAX(m1) - MIN(m1)", 3),
        ("m1 / AVG(m2)", {0: 3 / 40, 60: 6 / 40, 180: 12 / 40}),
        ("FILL(m1, 0)", {0: 1, 60: 2, 120: 0, 180: 4, 240: 0}),
        ("FILL(m1, REPEAT)", {0: 1, 60: 2, 120: 2, 180: 4, 240: 4}),
        ("FILL(m1, LINEAR)", {0: 1, 60: 2, 120: 3, 180: 4}),
        ("IF(m2 > 5, m1, 0)", {0: 1, 60: 0}),
        ("IF(m2 > 0, m1 / m2, 0)", {0: 0.1, 60: 0}),
        ("IF(m1 > 1, m1)", {60: 2, 180: 4}),
        ("IF(MAX(m1) > 3, m2, m1)", M2),
        ("RATE(m1)", {60: 1 / 60, 180: 2 / 120}),
        ("m1 / PERIOD(m1)", {0: 1 / 60, 60: 2 / 60, 180: 4 / 60}),
        ("ABS(m1 - 2)", {0: 1, 60: 0, 180: 2}),
        ("CEIL(m1 / 3)", {0: 1, 60: 1, 180: 2}),
        ("FLOOR(m1 / 3)", {0: 0, 60: 0, 180: 1}),
    ],
)
def test_an_expression_is_worked_out_point_by_point(text: str, expected: Value) -> None:
    assert work_out(text) == pytest.approx(expected)


def test_a_fill_makes_a_silent_metric_speak() -> None:
    filled = Expression.parse("FILL(m1, 0)").evaluate({"m1": {}}, GRID)

    assert filled == dict.fromkeys(GRID.moments(), 0.0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ANOMALY_DETECTION_BAND(m1, 2)", "ANOMALY_DETECTION_BAND"),
        ("SEARCH('{AWS/SageMaker} Invocations', 'Sum')", "SEARCH"),
        ("METRICS()", "METRICS"),
        ("m1.__class__()", "m1.__class__"),
        ("m1 +", "not a metric math expression"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises(MathError, match=complaint):
        Expression.parse(text)


@pytest.mark.parametrize(
    "text",
    ["m3", "[m1] + 1", "m1 < m2 < 3", "'m1'", "True", "m1[0]", "FILL(1, 0)", "IF(m1)", "m1 % 2"],
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(MathError):
        work_out(text)


def test_an_expression_knows_which_metrics_it_needs() -> None:
    assert Expression.parse("IF(FILL(m1, REPEAT) > 2, e1 / m2, 0)").names == {"m1", "m2", "e1"}
