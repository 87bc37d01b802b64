"""Turns members of AWS shapes into JSON values, and back into boto3's values."""

from __future__ import annotations

import base64
import binascii
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from botocore.model import ListShape, MapShape, StructureShape

from .refusals import Refusal

if TYPE_CHECKING:
    from botocore.model import Shape

T = TypeVar("T")
_WHOLE_NUMBER_BITS = {"integer": 32, "long": 64}  # Smithy's simple types
# JSON writes values of these types unchanged, whatever their shape is.
_AS_THEY_ARE = frozenset({str, int, bool})
# JSON has no such numbers, so Smithy's JSON protocols write them as text.
_SPELLED_NUMBERS = {"NaN", "Infinity", "-Infinity"}


def read_value(raw: object, shape: Shape) -> object:
    """Turn a decoded JSON (or CBOR) value into the value that boto3's caller passed.

    Members that the model doesn't know are dropped, as AWS's JSON services do.

    Raises:
        Refusal: SerializationException for a value of the wrong type.
    """
    if isinstance(shape, StructureShape):
        members = _expect(raw, dict, shape)
        return {
            name: read_value(members[name], member)
            for name, member in shape.members.items()
            if members.get(name) is not None
        }
    if isinstance(shape, ListShape):
        return [read_value(item, shape.member) for item in _expect(raw, list, shape)]
    if isinstance(shape, MapShape):
        return {
            _read_text(key, shape.key): read_value(item, shape.value)
            for key, item in _expect(raw, dict, shape).items()
        }
    return _read_scalar(raw, shape)


def _read_scalar(raw: object, shape: Shape) -> object:
    match shape.type_name:
        case "timestamp":
            return _read_timestamp(raw, shape)
        case "blob":
            return raw if isinstance(raw, bytes) else _read_blob(raw, shape)
        case "integer" | "long":
            return _read_whole_number(raw, shape)
        case "float" | "double":
            return _read_number(raw, shape)
        case "boolean":
            return _expect(raw, bool, shape)
        case _:
            return _read_text(raw, shape)


def _read_whole_number(raw: object, shape: Shape) -> int:
    number = int(raw) if isinstance(raw, float) and raw.is_integer() else raw
    limit = 2 ** (_WHOLE_NUMBER_BITS[shape.type_name] - 1)
    if isinstance(number, bool) or not isinstance(number, int) or not -limit <= number < limit:
        raise _wrong_type(raw, shape)
    return number


def _read_number(raw: object, shape: Shape) -> float:
    if isinstance(raw, str) and raw in _SPELLED_NUMBERS:
        return float(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise _wrong_type(raw, shape)
    try:
        return float(raw)
    except OverflowError:
        raise _wrong_type(raw, shape) from None


def _read_text(raw: object, shape: Shape) -> str:
    text = _expect(raw, str, shape)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: no character, and no UTF-8
        raise _wrong_type(raw, shape) from None
    return text


def _read_blob(raw: object, shape: Shape) -> bytes:
    try:
        return base64.b64decode(_expect(raw, str, shape), validate=True)
    except (binascii.Error, ValueError):
        raise _wrong_type(raw, shape) from None


def _read_timestamp(raw: object, shape: Shape) -> datetime:
    try:
        if isinstance(raw, int | float) and not isinstance(raw, bool):
            return datetime.fromtimestamp(raw, UTC)
        moment = raw if isinstance(raw, datetime) else _parse_moment(_expect(raw, str, shape))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise _wrong_type(raw, shape) from None


def _parse_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _expect(raw: object, kind: type[T], shape: Shape) -> T:
    if not isinstance(raw, kind):
        raise _wrong_type(raw, shape)
    return raw


def _wrong_type(raw: object, shape: Shape) -> Refusal:
    return Refusal(
        "SerializationException",
        f"{type(raw).__name__} can not be converted to {shape.type_name} ({shape.name})",
    )


def write_value(value: object, shape: Shape) -> object:
    """Turn an operation's answer into JSON values; None members are left out."""
    if type(value) in _AS_THEY_ARE:  # most of every answer
        return value
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return {
            name: write_value(value[name], member)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [write_value(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: write_value(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
