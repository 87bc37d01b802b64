"""Turns members of AWS shapes into JSON values and back, as boto3's users see them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from botocore.model import ListShape, MapShape, StructureShape

from .refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from botocore.model import Shape

T = TypeVar("T")
_NUMBERS = {"integer", "long", "float", "double"}
# JSON has no words for them, so botocore spells them out.
_SPELLED_NUMBERS = {"NaN", "Infinity", "-Infinity"}


class Request(NamedTuple):
    """An HTTP request, whichever way it came; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Response(NamedTuple):
    """An HTTP answer. `hold_seconds` is how long a model would have taken, in real time."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    hold_seconds: float = 0.0


def read_value(raw: object, shape: Shape) -> object:
    """Turn a decoded JSON (or CBOR) value into what boto3's caller passed in.

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
            str(key): read_value(item, shape.value)
            for key, item in _expect(raw, dict, shape).items()
        }
    return _read_scalar(raw, shape)


def _read_scalar(raw: object, shape: Shape) -> object:
    kind = shape.type_name
    if kind == "timestamp":
        return _read_timestamp(raw, shape)
    if kind == "blob":
        return raw if isinstance(raw, bytes) else base64.b64decode(_expect(raw, str, shape))
    if kind in {"integer", "long"} and isinstance(raw, float) and raw.is_integer():
        return int(raw)
    if kind in {"float", "double"} and isinstance(raw, str) and raw in _SPELLED_NUMBERS:
        return float(raw)
    if kind in _NUMBERS:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise _wrong_type(raw, shape)
        return raw if kind in {"integer", "long"} else float(raw)
    return _expect(raw, bool if kind == "boolean" else str, shape)


def _read_timestamp(raw: object, shape: Shape) -> datetime:
    if isinstance(raw, datetime):
        return raw
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return datetime.fromtimestamp(raw, UTC)
    try:
        moment = datetime.fromisoformat(_expect(raw, str, shape))
    except ValueError:
        raise _wrong_type(raw, shape) from None
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
    return value


def lower_case_headers(headers: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """Headers by lower-case name, as text."""
    return {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in headers
    }
