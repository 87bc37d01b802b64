"""Golden requests: read whole or refused line by line; answers are held against expectations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from switchover.domain.golden import Answer, GoldenRequest, assess, parse_golden
from switchover.domain.reasons import Reason

SOURCE = "s3://models/golden/chat.jsonl"
GOOD = b'{"name": "hello", "body": {"prompt": "Hello"}}'


def request(**expect: Any) -> GoldenRequest:
    return GoldenRequest.model_validate({"name": "hello", "body": "Hello", "expect": expect})


def faults(request: GoldenRequest, status: int = 200, body: str = "{}", us: int = 1) -> list[str]:
    answer = Answer(status=status, body=body.encode(), latency_us=us)
    return [str(reason) for reason in assess(request, answer, 5)]


def refusals(raw: bytes) -> list[str]:
    parsed = parse_golden(raw, SOURCE)
    assert all(isinstance(entry, Reason) for entry in parsed)
    return [str(entry) for entry in parsed]


def test_one_object_per_line_is_one_request_per_line() -> None:
    parsed = parse_golden(GOOD + b"\n\n" + GOOD, SOURCE)
    assert [type(entry) for entry in parsed] == [GoldenRequest, GoldenRequest]


def test_a_body_is_sent_as_json() -> None:
    [parsed] = parse_golden(GOOD, SOURCE)
    assert isinstance(parsed, GoldenRequest)
    assert json.loads(parsed.body_bytes()) == {"prompt": "Hello"}


def test_a_text_body_is_sent_as_it_is() -> None:
    assert request().body_bytes() == b"Hello"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "invalid JSON"),
        (b'{"name": "a"}', "body: is missing. Add it."),
        (b'{"name": "a", "body": 5}', "body: 5 is not accepted"),
        (b'{"name": "", "body": "x"}', "name: '' is not accepted"),
        (b'{"name": "a", "body": "x", "expct": {}}', "Did you mean 'expect'?"),
        (b'{"name": "a", "body": "x", "expect": {"matches": "("}}', "is not a regular expression"),
        (b'{"name": "a", "body": "x", "expect": {"values": {"a[": 1}}}', "is not a JMESPath"),
        (b'{"name": "a", "body": "x", "expect": {"latency_seconds": 61}}', "equal to 60"),
    ],
)
def test_a_wrong_line_is_told_once_with_its_number(line: bytes, words: str) -> None:
    [fault] = refusals(GOOD + b"\n" + line)
    assert fault.startswith(f"{SOURCE} line 2: ")
    assert words in fault


def test_every_wrong_line_is_told() -> None:
    assert len(refusals(b"{\n{\n{")) == 3


@pytest.mark.parametrize("raw", [b"", b"\n \n"])
def test_an_empty_file_asks_nothing_and_is_refused(raw: bytes) -> None:
    assert refusals(raw) == [
        f"{SOURCE}: holds no request. Write at least one JSON object per line."
    ]


def test_an_answer_as_expected_has_no_fault() -> None:
    expected = request(matches="cat", values={"choices[0].text": "a cat"})
    assert faults(expected, body='{"choices": [{"text": "a cat"}]}') == []


def test_another_status_is_told_with_what_the_container_said() -> None:
    [fault] = faults(request(), status=500, body="CUDA out of memory")
    assert fault.startswith(
        "golden request 'hello': status 500 instead of 200: CUDA out of memory."
    )


def test_no_answer_is_a_fault() -> None:
    assert "no answer instead of 200" in faults(request(), status=0, body="timed out")[0]


def test_an_expected_error_is_no_fault() -> None:
    assert faults(request(status=400), status=400) == []


def test_a_slow_answer_is_told_with_both_numbers() -> None:
    assert "took 5.1 s, more than 5 s" in faults(request(), us=5_100_000)[0]


def test_an_answer_at_the_limit_is_not_slow() -> None:
    assert faults(request(), us=5_000_000) == []


def test_a_requests_own_limit_goes_before_the_policys() -> None:
    assert "more than 1 s" in faults(request(latency_seconds=1), us=2_000_000)[0]


def test_a_text_that_does_not_match_is_told() -> None:
    assert "does not match 'cat'" in faults(request(matches="cat"), body="a dog")[0]


def test_another_value_is_told_with_both() -> None:
    [fault] = faults(request(values={"version": "v2"}), body='{"version": "v1"}')
    assert "version is 'v1', not 'v2'" in fault


def test_a_value_that_is_not_there_is_told() -> None:
    assert "version is None, not 'v2'" in faults(request(values={"version": "v2"}))[0]


def test_values_are_not_looked_for_in_what_is_not_json() -> None:
    assert "is not JSON: hello" in faults(request(values={"a": 1}), body="hello")[0]


@pytest.mark.parametrize("path", ["length(choices)", "unknown(choices)"])
def test_a_path_that_cannot_be_followed_is_a_fault_of_the_answer(path: str) -> None:
    """An error body has no choices to count: the model is measured bad, the check is not broken."""
    [fault] = faults(request(values={path: 1}), body='{"error": "overloaded"}')
    assert path in fault


def test_bytes_that_are_no_text_are_still_judged() -> None:
    answer = Answer(status=200, body=b"\xff\xfe", latency_us=1)
    assert len(assess(request(matches="cat"), answer, 5)) == 1


def test_every_difference_is_told() -> None:
    expected = request(matches="cat", values={"a": 1, "b": 2})
    assert len(faults(expected, us=9_000_000)) == 4
