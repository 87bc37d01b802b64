"""Execution inputs and events have the same bounds as files."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

from switchover.domain.update.request import parse_request
from switchover.steps.reopening import read_request

RELEASE = "s3://models/releases/chat/v2/release.json"


def nested(levels: int) -> dict[str, Any]:
    return reduce(lambda around, _: {"x": around}, range(levels), {})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policy": nested(100)}, "is nested deeper than 32 levels"),
        ({"policy": {"x": 10**41}}, "holds a number of more than 40 digits at policy.x"),
        ({"policy": {"x": float("inf")}}, "holds inf, which is not a number at policy.x"),
        ({"reason": "\udfff"}, "holds half of a surrogate pair, which is no text at reason"),
        ({"policy": {"k" * 300: 1}}, "holds a key of 300 characters at policy"),
        ({"policy": {"x": [0] * 30_000}}, "holds more than 20000 values"),
        ({"to": "v" * 64, "rollback": "chat", "release": None}, "at most 63 characters"),
        ({"recover": "u" * 81, "release": None}, "at most 80 characters"),
        ({"object_version": "v" * 1_025}, "at most 1024 characters"),
        ({"release": f"s3://models/{'k' * 1_100}"}, "at most 1100 characters"),
    ],
)
def test_an_input_beyond_all_bounds_is_refused(changes: dict[str, Any], said: str) -> None:
    told = parse_request({"release": RELEASE, **changes})

    assert isinstance(told, tuple)
    assert said in str(told[0])
    assert told[0].code == "input.invalid"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 5_000, f'{{"x": {"9" * 5_000}}}', '{"recover": 1, "recover": 2}', "null"],
)
def test_any_input_of_an_execution_that_ended_is_read_or_passed_over(text: str) -> None:
    assert isinstance(read_request(text), tuple)
