"""Reads small untrusted texts: with limits, without exceptions, safe to quote."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Unparsed(str):
    """The reason why a text isn't JSON, as the end of the sentence "it …"."""

    __slots__ = ()


def parse_json(raw: bytes) -> Json | Unparsed:
    """Read JSON, or return why the text isn't JSON. No input raises an exception.

    A repeated key is refused, because readers differ in which value they use.
    """
    if raw.startswith(b"version https://git-lfs"):
        return Unparsed("is a Git LFS pointer, not the file itself")
    try:
        content: Json = json.loads(raw.decode("utf-8"), object_pairs_hook=distinct)
    except UnicodeDecodeError as error:
        return Unparsed(f"is not UTF-8 at byte {error.start}")
    except RecursionError:
        return Unparsed("is nested too deeply")
    except ValueError as error:  # also a number of more than 4300 digits
        return Unparsed(f"is not JSON: {quote(str(error))}")
    return content


def parse_object(raw: bytes) -> dict[str, Json] | Unparsed:
    """Read a JSON object, or return why the text isn't one."""
    content = parse_json(raw)
    if isinstance(content, Unparsed | dict):
        return content
    return Unparsed(f"holds {quote(content)} where a JSON object is expected")


def distinct(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Make an object from its members; raise ValueError for a repeated key."""
    content = dict(pairs)
    if len(content) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key {quote(key)} appears twice")
            seen.add(key)
    return content


def quote(value: object) -> str:
    """Show a value from outside in at most 80 characters.

    `repr` also escapes characters that logs and databases refuse, such as half of a surrogate pair.
    """
    if isinstance(value, str):
        value = value[:120]
    elif isinstance(value, list):
        value = value[:20]
    elif isinstance(value, dict):
        value = dict(islice(value.items(), 5))
    elif isinstance(value, int) and abs(value) >= 2**128:
        return "a number beyond 2^128"
    try:
        text = repr(value)
    except RecursionError:
        return "something nested too deeply to show"
    return text if len(text) <= 80 else f"{text[:77]}..."


def text_at(content: Mapping[str, Json], key: str) -> str | None:
    """The string under a key; None for a value of another type."""
    value = content.get(key)
    return value if isinstance(value, str) else None


def object_at(content: Mapping[str, Json], key: str) -> dict[str, Json]:
    """The object under a key; an empty one for a value of another type."""
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def integer_at(content: Mapping[str, Json], key: str) -> int | None:
    """The whole number under a key; None for a value of another type."""
    value = content.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
