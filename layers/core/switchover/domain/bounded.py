"""Reads JSON that people wrote, with bounds on size, depth and values.

The limits lie far above what people need, and below what a reader, the ledger or a message can't take.
The work is linear in the bytes. Whatever is read here can be written as JSON and read again.
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
# A text that never ends is taken to the end, and not looked for again at each of its quotes.
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_SHOWN = 60
# The longest text that Python writes for a float has 24 characters; people's rounding errors have some
# more. Beyond that, reading one takes more than linear time.
_FLOAT_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a text may hold.

    2^128 has 39 digits; Python reads longer numbers by the square of their length, and writes none of
    more than 4,300 digits. Pydantic reads JSON of less than 200 levels.
    """

    bytes: int
    depth: int = 32
    values: int = 20_000
    digits: int = 40
    key_characters: int = 256


class Unreadable(ValueError):
    """Why a text is not read, as the end of the sentence "it …"."""


class _Fault(str):
    """Stands in a parsed text where something can't be taken, until its place is known."""

    __slots__ = ()


def read_json(raw: bytes | str, limits: Limits) -> Any:
    """Read JSON within its limits; of a text that is none, or too much, say why.

    UTF-8 is read, with or without a mark, and UTF-16 as some editors write it. A key that stands twice in
    an object is refused: readers differ in which of the two they believe.

    Raises:
        Unreadable: and nothing else, whatever the bytes are.
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
    """Be sure that a value which others parsed stays within the limits.

    Raises:
        Unreadable: it doesn't.
    """
    _check_one(value, None, limits)
    # A loop and no recursion, which the value's depth would end.
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
    """Return a text that UTF-8 can be made of.

    Raises:
        Unreadable: it holds half of a surrogate pair, which JSON and YAML can escape.
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
    """Whether more values would be made of a text, which take up to 20 times its length in memory."""
    signs = sum(map(text.count, _BEFORE_VALUES))
    if signs <= values:
        return False
    # Within texts the signs count for nothing.
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
    """Say a place, which is the place around it and the key or index there; the outermost is None."""
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
