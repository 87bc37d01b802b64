"""The messages of a request: HTTP request, call, answer, HTTP response."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Encoding = Literal["json", "rest-json", "cbor"]


class Request(NamedTuple):
    """An HTTP request, from a socket or in process; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Response(NamedTuple):
    """An HTTP answer. A server sends it after `hold_seconds` of real time."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    hold_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """One operation that a client calls, with parameters keyed as in boto3."""

    service: str
    operation: str
    encoding: Encoding
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of an operation."""

    members: Mapping[str, object] = field(default_factory=dict)
    """The members of the operation's output shape, keyed as in boto3; None is left out."""
    hold_seconds: float = 0.0
    """How long a model would have taken for it, in real time."""


def lower_case_headers(headers: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """Headers by lower-case name, as text."""
    return {
        name.lower(): value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in headers
    }
