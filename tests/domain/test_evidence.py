"""Datapoints, limits and log lines in units and words for people."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.samples import ENDPOINT, OLD, later, plan

from switchover.domain.evidence import (
    Datapoint,
    Fleet,
    LogLine,
    Trip,
    choose_lines,
    fleet_of,
    say_trip,
    say_value,
)
from switchover.domain.fleet import AlarmState


def trip(*values: float, **changes: Any) -> Trip:
    return Trip(
        **{
            "name": "switchover/chat/chat-v2/latency",
            "state": AlarmState.ALARM,
            "reason": "Threshold Crossed",
            "at": later(300),
            "fleet": Fleet.NEW,
            "metric": "ModelLatency",
            "statistic": "p99",
            "comparison": "GreaterThanThreshold",
            "threshold": 5_000_000,
            "datapoints": tuple(Datapoint(value=value) for value in values),
            **changes,
        }
    )


def line(text: str, second: int = 0) -> LogLine:
    return LogLine(at=later(second), stream="main/i-1", text=text)


def test_latency_is_told_in_seconds_with_its_limit_its_fleet_and_its_time() -> None:
    """ModelLatency counts microseconds (rules §4)."""
    assert say_trip(trip(20_000_000, 19_800_000)) == (
        "went red at 12:05:00 UTC: p99 ModelLatency of the new fleet 20 s, 19.8 s (red above 5 s)."
    )


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        (Fleet.OLD, "ModelLatency of the old fleet 20 s"),
        (Fleet.BOTH, "ModelLatency of both fleets 20 s"),
        (Fleet.OTHER, "ModelLatency 20 s"),
    ],
)
def test_the_fleet_is_named_if_it_is_known(fleet: Fleet, said: str) -> None:
    assert said in say_trip(trip(20_000_000, fleet=fleet))


def test_a_rate_of_errors_is_told_in_percent() -> None:
    errors = trip(0.7, metric="Invocation5XXErrors", statistic="Average", threshold=0.05)

    assert "rate of Invocation5XXErrors of the new fleet 70 % (red above 5 %)" in say_trip(errors)


@pytest.mark.parametrize(
    ("changes", "value", "said"),
    [
        ({}, 180_000, "180 ms"),
        ({"statistic": "SampleCount"}, 12, "12"),
        ({"metric": "Invocation5XXErrors", "statistic": "Sum"}, 3, "3"),
        ({"metric": "GPUUtilization", "statistic": "Average"}, 371.25, "371.2 %"),
        ({"metric": "QueueDepth", "statistic": "Maximum"}, 41.5, "41.5"),
    ],
)
def test_a_value_has_the_unit_of_its_metric(
    changes: dict[str, str], value: float, said: str
) -> None:
    assert say_value(trip(**changes), value) == said


def test_an_alarm_that_was_set_by_hand_is_told_by_its_reason() -> None:
    assert say_trip(trip(reason="Switchover: called off", metric="Abort")) == (
        "went red at 12:05:00 UTC: Switchover: called off"
    )


@pytest.mark.parametrize(
    ("dimensions", "fleet"),
    [
        ({"EndpointName": ENDPOINT, "EndpointConfigName": plan().target.config}, Fleet.NEW),
        ({"EndpointName": ENDPOINT, "EndpointConfigName": OLD}, Fleet.OLD),
        ({"EndpointName": ENDPOINT, "VariantName": "main"}, Fleet.BOTH),
        ({"EndpointName": ENDPOINT, "EndpointConfigName": "third"}, Fleet.OTHER),
        ({"EndpointName": "another"}, Fleet.OTHER),
        ({"EndpointConfigName": plan().target.config}, Fleet.NEW),
        ({}, Fleet.OTHER),
    ],
)
def test_dimensions_tell_the_fleet(dimensions: dict[str, str], fleet: Fleet) -> None:
    assert fleet_of(dimensions, plan()) is fleet


def test_lines_of_trouble_are_preferred_and_the_last_are_kept() -> None:
    noise = [line(f"GET /ping 200 {n}", n) for n in range(30)]
    trouble = [line(f"RuntimeError number {n}", n) for n in range(12)]

    chosen = choose_lines([*noise, *trouble])

    assert [each.text for each in chosen] == [f"RuntimeError number {n}" for n in range(2, 12)]


def test_without_trouble_the_last_lines_are_kept() -> None:
    chosen = choose_lines([line(f"loading shard {n}", n) for n in range(12)])

    assert [each.text for each in chosen] == [f"loading shard {n}" for n in range(2, 12)]


def test_lines_of_several_streams_are_in_order_of_time() -> None:
    assert [each.text for each in choose_lines([line("b", 2), line("a", 1), line(" ", 3)])] == [
        "a",
        "b",
    ]


def test_a_long_line_is_cut() -> None:
    [chosen] = choose_lines([line("x" * 1_000_000)])

    assert len(chosen.text) == 300


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("HF_TOKEN=hf_abcdefgh12345678 error", "HF_TOKEN=[hidden] error"),
        ("error: token 'hf_abcdefgh12345678'", "error: token '[hidden]'"),
        ('error {"api_key": "s3cr3tvalue", "n": 1}', 'error {"api_key": "[hidden]", "n": 1}'),
        ("Authorization: Bearer abc.def-ghi error", "Authorization: [hidden] error"),
        ("error tokenizer=Qwen/Qwen2.5-VL max_tokens=1234567", None),
    ],
)
def test_what_looks_like_a_secret_is_hidden(printed: str, kept: str | None) -> None:
    [chosen] = choose_lines([line(printed)])

    assert chosen.text == (kept or printed)
