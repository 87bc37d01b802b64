"""Files of people are read within bounds: the result is a writable value, or a reason to refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.peak_memory import MIB, measure_peak_bytes

from switchover.domain.bounded import Limits, Unreadable, check_value, read_json

LIMITS = Limits(bytes=MIB)


def refusal(raw: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(Unreadable) as refused:
        read_json(raw, limits)
    return str(refused.value)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "is not JSON: Expecting value: line 1 column 1"),
        (b"{'a': 1}", "is not JSON: Expecting property name"),
        (b'{"a": 1} x', "is not JSON: Extra data"),
        (b"\xff", "is not JSON: it is not utf-8 at byte 0"),
        (b"\xff\xfe{", "is not JSON: it is not utf-16 at byte 2"),
        (b'{"a": {"b": [1, {"c": 1, "c": 2}]}}', "holds the key 'c' twice at a.b[1]"),
        (b'{"a": 1, "a": 1}', "holds the key 'a' twice"),
        (b'{"a": 1, "\\u0061": 1}', "holds the key 'a' twice"),
        (b'{"a": %s}' % (b"9" * 41), "holds a number of more than 40 digits at a"),
        (b'{"a": -%s}' % (b"9" * 5000), "holds a number of more than 40 digits at a"),
        (b"[[0, 1e999]]", "holds '1e999', which is too large for a number at [0][1]"),
        (b"[-1e999]", "holds '-1e999', which is too large for a number at [0]"),
        (b"[0.%s]" % (b"1" * 401), "holds a number of more than 400 digits at [0]"),
        (b'{"a": NaN}', "holds NaN, which is not JSON at a"),
        (b'{"a": -Infinity}', "holds -Infinity, which is not JSON at a"),
        (b'{"a": "\\ud800"}', "holds half of a surrogate pair, which is no text at a"),
        (b'{"b": {"\\udfff": 1}}', "holds half of a surrogate pair, which is no text at b"),
        (b'{"b": {"%s": 1}}' % (b"k" * 257), "holds a key of 257 characters at b"),
        (b'{"two words": [NaN]}', "holds NaN, which is not JSON at 'two words'[0]"),
        (b"[" * 100_000, "holds more than 20000 values"),
        (b"[" * 2_000 + b"]" * 2_000, "is nested deeper than 32 levels"),
        (b"[" * 33 + b"]" * 33, "is nested deeper than 32 levels"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "is nested deeper than 32 levels"),
        (b"[%s0]" % (b"0," * 20_000), "holds more than 20000 values"),
        (b'"' + b"x" * MIB, "is longer than 1048576 bytes"),
    ],
)
def test_what_is_too_much_or_no_json_is_told_with_its_place(raw: bytes, said: str) -> None:
    assert refusal(raw).startswith(said)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 32 + b"]" * 32,
        b"9" * 40,
        b'"%s"' % (b"[{," * 30_000),
        b'["\\"[[[[", "\\\\"]',
        b'{"%s": 1}' % (b"k" * 256),
        b"[%s0]" % (b"0," * 19_999),
        b"-0.0",
        b'{"a": {"a": {"a": 1}}}',
        '{"a": "😀"}'.encode(),
        b'{"a": "\\ud83d\\ude00"}',
        '{"a": 1}'.encode("utf-16"),
        b'\xef\xbb\xbf{"a": 1}',
    ],
)
def test_what_is_within_bounds_is_read_as_json_reads_it(raw: bytes) -> None:
    assert read_json(raw, LIMITS) == json.loads(raw)


@pytest.mark.parametrize(
    "value", [10**40, -(10**40), float("nan"), [float("inf")], {"a": "\udc00"}, [[[[]]]]]
)
def test_a_value_that_others_parsed_is_held_to_the_same_bounds(value: object) -> None:
    with pytest.raises(Unreadable):
        check_value(value, Limits(bytes=1, depth=3))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.long
@given(JSON)
def test_sound_json_is_never_refused_nor_changed(value: Any) -> None:
    """A false refusal is as grave as a false acceptance."""
    wide = Limits(bytes=MIB, depth=200, digits=400)

    assert read_json(json.dumps(value), wide) == value


PIECES = st.sampled_from(
    [
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        '"',
        '"a"',
        "\\",
        "\\ud800",
        "1",
        "-",
        "e9",
        "9" * 50,
        "NaN",
        "true",
        " ",
    ]
)


@given(st.binary() | st.lists(PIECES).map(lambda pieces: "".join(pieces).encode()))
@example(b"[" * 990 + b"]" * 990)
@example(b'{"a":' * 330 + b"[]" + b"}" * 330)
def test_any_bytes_give_a_value_that_can_be_kept_or_a_refusal(raw: bytes) -> None:
    """What was written by one state must be readable by the next (the claim is held meanwhile)."""
    try:
        value = read_json(raw, LIMITS)
    except Unreadable:
        return
    assert json.loads(json.dumps(value).encode()) == value


HOSTILE = {
    "empty lists": b"[%s[]]" % (b"[]," * 349_000),
    "depth": b"[" * MIB,
    "a number": b"9" * MIB,
    "numbers": b"[%s1]" % (b"11," * 349_000),
    "one text": b'"%s"' % (b"\\u0041" * 174_000),
    "an open text": b'"' + b'\\"' * 524_000,
    "empty texts": b"[%s1]" % (b'"",' * 349_000),
    "keys": b"{%s}" % b",".join(b'"%d":0' % n for n in range(90_000)),
    "one key": b"{%s}" % b",".join(b'"a":0' for _ in range(9_000)),
    "a long fraction": b"0." + b"1" * MIB,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_a_few_times_its_length_in_memory(raw: bytes) -> None:
    peak = measure_peak_bytes(lambda: _read(raw))

    assert peak < 8 * MIB


def _read(raw: bytes) -> object:
    try:
        return read_json(raw, LIMITS)
    except Unreadable as refused:
        return refused
