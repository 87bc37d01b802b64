"""Amounts as people write and read them: counts, bytes, times, percentages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import float_schema, int_schema, no_info_before_validator_function

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core.core_schema import CoreSchema


def say_bytes(count: float) -> str:
    """`812 B`, `4.2 MB`, `16.6 GB`: powers of 1000, as in S3's prices."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def say_count(count: int, noun: str) -> str:
    """`1 instance`, `4 instances`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def say_duration(seconds: float) -> str:
    """`45 s`, `12 min 30 s`, `1 h 05 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, rest = divmod(round(whole / 60), 60)
    return f"{hours} h {rest:02d} min" if rest else f"{hours} h"


def say_roughly(seconds: float) -> str:
    """An estimated duration, without seconds: `13 min`, `1 h 05 min`."""
    return say_duration(seconds if seconds < 60 else 60 * round(seconds / 60))


_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|m|h)\s*$")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}
_OTHER_UNIT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\.?\s*", re.IGNORECASE)
_OTHER_UNIT_SECONDS = {
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
}
_WITH_UNIT = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*\D.*")
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:%|percent)\s*")


@dataclass(frozen=True, slots=True)
class Duration:
    """Marks a number of seconds with bounds, which people may also write as `"5m"` or `"1h"`."""

    at_least: float
    at_most: float

    def __get_pydantic_core_schema__(
        self, source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        low, high = self.at_least, self.at_most
        if source is int:
            return no_info_before_validator_function(
                _whole_seconds, int_schema(ge=int(low), le=int(high))
            )
        return no_info_before_validator_function(_seconds, float_schema(ge=low, le=high))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": _DURATION.pattern}]}


def written_number(number: float) -> str:
    """A number without a fraction of zero: `10`, `0.05`."""
    return f"{number:.12g}"


def written_duration(seconds: float) -> str:
    """Seconds in the largest unit without a fraction: `5m`, `90s`, `1h`."""
    for unit in ("h", "m"):
        if seconds and seconds % _UNIT_SECONDS[unit] == 0:
            return f"{written_number(seconds / _UNIT_SECONDS[unit])}{unit}"
    return f"{written_number(seconds)}s"


def remedy_for_number(value: object) -> str | None:
    """The remedy for a number that was written with a unit; empty for other faults."""
    match = _WITH_UNIT.fullmatch(value) if isinstance(value, str) else None
    return f"Write {match[1]}: it takes a plain number." if match else None


def refuse_percent(value: object) -> object:
    """Refuse a rate of 0–1 that is written as a percentage; pydantic checks other values."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    remedy = f"Write {written_number(float(match[1]) / 100)}."
    raise PydanticCustomError("rate", "it is a rate of 0 to 1", {"remedy": remedy})


def _whole_seconds(value: object) -> object:
    return _seconds(value, is_whole=True)


def _seconds(value: object, *, is_whole: bool = False) -> object:
    """Read `"90s"`, `"5m"` or `"1h"` as seconds; pydantic checks other values."""
    if isinstance(value, bool):
        raise PydanticCustomError("duration", "it is yes or no, not a duration")
    if not isinstance(value, str) or _is_number(value):
        return value
    match = _DURATION.match(value)
    if match is not None:
        return float(match[1]) * _UNIT_SECONDS[match[2]]
    raise PydanticCustomError(
        "duration",
        "a duration is a number of seconds, or text like 90s, 5m, 1h",
        {"remedy": _remedy_for_duration(value, is_whole=is_whole)},
    )


def _remedy_for_duration(text: str, *, is_whole: bool) -> str:
    match = _OTHER_UNIT.fullmatch(text)
    factor = _OTHER_UNIT_SECONDS.get(match[2].lower()) if match else None
    if match is None or factor is None:
        return "Write it like 90s, 5m or 1h."
    seconds = round(float(match[1]) * factor, 6)
    if is_whole and seconds % 1:
        return "Write whole seconds, like 1s."
    return f"Write {written_duration(seconds)}."


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
