"""Reading JSON in pieces gives the same result as reading it whole, wherever it is cut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchover.checkpoint.stream import VALUE_LIMIT, BrokenJson, JsonStream

if TYPE_CHECKING:
    from collections.abc import Iterator


def cut(raw: bytes, length: int) -> Iterator[bytes]:
    return (raw[start : start + length] for start in range(0, len(raw), length))


def read(raw: bytes, length: int) -> dict[str, object]:
    stream = JsonStream(cut(raw, length))
    content: dict[str, object] = {name: stream.value() for name in stream.members()}
    stream.end()
    return content


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(
    content=st.dictionaries(st.text(max_size=6), values, max_size=5),
    length=st.integers(1, 40),
    indent=st.none() | st.just(2),
    is_ascii=st.booleans(),
)
def test_any_object_is_read_the_same_wherever_it_is_cut(
    content: dict[str, object], length: int, indent: int | None, *, is_ascii: bool
) -> None:
    raw = json.dumps(content, indent=indent, ensure_ascii=is_ascii).encode(errors="surrogatepass")

    assert read(raw, length) == content


@given(content=st.binary(max_size=60), length=st.integers(1, 20))
def test_what_is_read_is_what_python_reads_too(content: bytes, length: int) -> None:
    raw = b'{"a":' + content

    try:
        found = read(raw, length)
    except BrokenJson:
        return

    assert found == json.loads(raw)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "does not begin with {"),
        (b'{"a": 1', "is not JSON: '' stands instead of }"),
        (b'{"a": 1} {', "more text follows after the end"),
        (b'{"a" 1}', "is not JSON: '1' stands instead of :"),
        (b"{1: 2}", "1 is at the place of a name"),
        (b'{"a": 1,}', "is not JSON"),
        (b'{"a": "\xff"}', "is not UTF-8 at byte 7"),
        (b'{"a": "\xe2\x82', "is not UTF-8 at byte 7"),
        (b'{"a": {"b": 1, "b": 1}}', "the key 'b' appears twice"),
    ],
)
def test_damage_is_named(raw: bytes, says: str) -> None:
    with pytest.raises(BrokenJson) as broken:
        read(raw, 3)

    assert says in str(broken.value)


def test_a_number_that_goes_on_in_the_next_piece_is_one_number() -> None:
    assert read(b'{"a":1234}', 6) == {"a": 1234}


def test_a_value_without_end_is_given_up() -> None:
    stream = JsonStream(b'{"a": "' if n == 0 else b"x" * 65_536 for n in range(10**9))

    with pytest.raises(BrokenJson, match=f"no value within {VALUE_LIMIT} characters"):
        [stream.value() for _ in stream.members()]
