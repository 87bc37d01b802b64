"""Matches events against the patterns of the template's rules, as EventBridge does.

Source: EventBridge User Guide, "Event patterns" and "Comparison operators". An operator that isn't
modelled here is an error.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue


class OperatorUnknown(Exception):
    """A pattern uses a comparison that is not modelled."""


def matches(pattern: Mapping[str, JsonValue], event: Mapping[str, JsonValue]) -> bool:
    """Whether every field of the pattern is met by the event."""
    return all(_field_matches(wanted, event.get(key)) for key, wanted in pattern.items())


def _field_matches(wanted: JsonValue, found: JsonValue) -> bool:
    match wanted:
        case dict():
            # Of an array of objects, one has to meet the whole pattern.
            objects = found if isinstance(found, list) else [found]
            return any(isinstance(one, dict) and matches(wanted, one) for one in objects)
        case list():
            values = found if isinstance(found, list) else [found]
            return any(_value_matches(choice, value) for choice in wanted for value in values)
        case _:
            raise OperatorUnknown(f"a pattern lists its choices, and this one says {wanted!r}")


def _value_matches(choice: JsonValue, value: JsonValue) -> bool:
    match choice:
        case {"prefix": str(start), **rest} if not rest:
            return isinstance(value, str) and value.startswith(start)
        case {"suffix": str(end), **rest} if not rest:
            return isinstance(value, str) and value.endswith(end)
        case {"wildcard": str(wild), **rest} if not rest:
            parts = map(re.escape, wild.split("*"))
            return (
                isinstance(value, str)
                and re.fullmatch(".*".join(parts), value, re.DOTALL) is not None
            )
        case {"exists": True, **rest} if not rest:
            return value is not None
        case {"anything-but": list(others), **rest} if not rest:
            return value is not None and value not in others
        case dict():
            raise OperatorUnknown(f"{choice!r} is not modelled")
        case _:
            return choice == value
