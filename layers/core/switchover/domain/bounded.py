"""Reads JSON that people wrote, with bounds on size, depth and values.

The limits are far above people's needs, and below the limits of readers, the ledger and messages. The
work is linear in the bytes. Every value that is read here can be written as JSON and read again.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_CONTAINERS = (dict, list)
_BEFORE_VALUES = ("[", "{", ",")
# A text without an end is read to the end of the file, not searched again from each of its quotes.
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_SHOWN = 60
# The longest text that Python writes for a float has 24 characters; people's rounding errors have
# some more. Longer ones take more than linear time to read.
_FLOAT_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a text.

    2^128 has 39 digits. Python's time to read a longer number grows with the square of its length,
    and Python writes no number of more than 4,300 digits. Pydantic reads JSON of fewer than 200
    levels.
    """

    bytes: int
    depth: int = 32
    values: int = 20_000
    digits: int = 40
    key_characters: int = 256


class Unreadable(ValueError):
    """Why a text can't be read; the message ends the sentence "it …"."""


class _Fault(str):
    """Marks an invalid value in a parsed text, until the value's place is known."""

    __slots__ = ()


def read_json(raw: bytes | str, limits: Limits) -> Any:
    """Read JSON within limits; a text that isn't JSON, or exceeds a limit, is refused with the cause.

    UTF-8 is read with or without a byte order mark, and so is UTF-16 as some editors write it. An
    object with a repeated key is refused, because readers differ in which value they use.

    Raises:
        Unreadable: the only exception, for any bytes.
    """
    if len(raw) > limits.bytes:
        raise Unreadable(f"is longer than {limits.bytes} bytes")
    text = raw if isinstance(raw, str) else _decode(raw)
    if _holds_more_than(limits.values, text):
        raise Unreadable(_too_many(limits))
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=lambda digits: _whole_number(digits, limits.digits),
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except RecursionError as error:
        raise Unreadable(_too_deep(limits)) from error
    except ValueError as error:
        raise Unreadable(f"is not JSON: {error}") from error
    check_value(value, limits)
    return value


def check_value(value: object, limits: Limits) -> None:
    """Check that a value that other code parsed is within the limits.

    Raises:
        Unreadable: the value exceeds a limit.
    """
    _check_one(value, None, limits)
    # A loop, because deep values would exceed Python's recursion limit.
    waiting: list[tuple[Any, Any, int]] = [(value, None, 0)]
    count = 0
    while waiting:
        outer, place, depth = waiting.pop()
        if not isinstance(outer, _CONTAINERS):
            continue
        count += len(outer)
        if count > limits.values:
            raise Unreadable(_too_many(limits))
        if depth == limits.depth:
            raise Unreadable(_too_deep(limits))
        for step, inner in _inside(outer):
            if isinstance(step, str):
                _check_key(step, place, limits)
            if isinstance(inner, _CONTAINERS):
                waiting.append((inner, (place, step), depth + 1))
            else:
                _check_one(inner, (place, step), limits)


def check_text(text: str) -> str:
    """Check that a text can be encoded as UTF-8; returns the text.

    Raises:
        Unreadable: the text holds half of a surrogate pair, which JSON and YAML can escape.
    """
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise Unreadable("holds half of a surrogate pair, which is no text") from error
    return text


def _inside(outer: dict[Any, Any] | list[Any]) -> Iterator[tuple[object, object]]:
    yield from outer.items() if isinstance(outer, dict) else enumerate(outer)


def _check_key(key: str, place: Any, limits: Limits) -> None:
    if len(key) > limits.key_characters:
        raise Unreadable(f"holds a key of {len(key)} characters{_at(place)}")
    try:
        check_text(key)
    except Unreadable as error:
        raise Unreadable(f"{error}{_at(place)}") from error


def _check_one(value: object, place: Any, limits: Limits) -> None:
    match value:
        case _Fault():
            raise Unreadable(f"{value!s}{_at(place)}")
        case str():
            try:
                check_text(value)
            except Unreadable as error:
                raise Unreadable(f"{error}{_at(place)}") from error
        case bool() | None:
            return
        case int() if abs(value) >= 10**limits.digits:
            raise Unreadable(f"holds a number of more than {limits.digits} digits{_at(place)}")
        case float() if not math.isfinite(value):
            raise Unreadable(f"holds {value}, which is not a number{_at(place)}")


def _decode(raw: bytes) -> str:
    encoding = json.detect_encoding(raw)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable(f"is not JSON: it is not {encoding} at byte {error.start}") from error


def _holds_more_than(values: int, text: str) -> bool:
    """Whether a text has too many values. Parsed, they take up to 20 times its length in memory."""
    signs = sum(map(text.count, _BEFORE_VALUES))
    if signs <= values:
        return False
    # Characters inside strings don't count.
    bare = _TEXT.sub("", text)
    return sum(map(bare.count, _BEFORE_VALUES)) > values


def _object(pairs: list[tuple[str, Any]]) -> Any:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
    return _Fault(f"holds the key {_shown(twice)} twice")


def _whole_number(text: str, digits: int) -> int | _Fault:
    if len(text.lstrip("-")) > digits:
        return _Fault(f"holds a number of more than {digits} digits")
    return int(text)


def _fraction(text: str) -> float | _Fault:
    if len(text) > _FLOAT_CHARACTERS:
        return _Fault(f"holds a number of more than {_FLOAT_CHARACTERS} digits")
    number = float(text)
    if math.isinf(number):
        return _Fault(f"holds {_shown(text)}, which is too large for a number")
    return number


def _constant(name: str) -> _Fault:
    return _Fault(f"holds {name}, which is not JSON")


def _too_many(limits: Limits) -> str:
    return f"holds more than {limits.values} values"


def _too_deep(limits: Limits) -> str:
    return f"is nested deeper than {limits.depth} levels"


def _at(place: Any) -> str:
    """A place in words. It is a pair of the outer place and the key or index there; the root is None."""
    steps: list[str] = []
    while place is not None and len(steps) < _SHOWN:
        place, step = place
        steps.append(f"[{step}]" if isinstance(step, int) else f".{_plain(step)}")
    dotted = "".join(reversed(steps)).removeprefix(".")
    return f" at {dotted}" if dotted else ""


def _plain(key: str) -> str:
    return key if key.isidentifier() and len(key) <= _SHOWN else _shown(key)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
