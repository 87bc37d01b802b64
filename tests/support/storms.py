"""Storms: a number of next calls of one operation are throttled, for every caller.

They lie above botocore's own retries, so one throttled call here stands for all tries of a client.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from tests.support import clients

if TYPE_CHECKING:
    from collections.abc import Iterator

# Source: each service's API reference, "Common errors" or "Error responses".
_CODES = {"s3": "SlowDown", "dynamodb": "ThrottlingException"}
_OK = 300


@dataclass(slots=True)
class Storm:
    """What is left of a storm, and how many calls it met."""

    left: int
    code: str
    met: int = 0

    def meet(self, **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        """Answer a call instead of the service; None lets it through."""
        if not self.left:
            return None
        self.left -= 1
        self.met += 1
        error = {"Code": self.code, "Message": "Rate exceeded"}
        answer = {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {}}}
        return AWSResponse("", 400, {}, None), answer


@contextmanager
def throttle(service: str, operation: str, times: int) -> Iterator[Storm]:
    """Throttle the next calls of an operation."""
    storm = Storm(times, _CODES.get(service, "ThrottlingException"))
    client = clients.client(service)
    name = f"before-call.{_hyphenated(client)}.{operation}"
    client.meta.events.register_first(name, storm.meet)
    try:
        yield storm
    finally:
        client.meta.events.unregister(name, storm.meet)


@dataclass(slots=True)
class Count:
    """How often each operation was asked of a service."""

    calls: Counter[str] = field(default_factory=Counter)

    def note(self, model: Any, **_: Any) -> None:
        """Count one call."""
        self.calls[model.name] += 1


@contextmanager
def counted(service: str) -> Iterator[Counter[str]]:
    """Count the calls to a service by operation."""
    with counted_calls(clients.client(service)) as calls:
        yield calls


@contextmanager
def counted_calls(client: Any) -> Iterator[Counter[str]]:
    """Count a client's calls by operation."""
    count = Count()
    name = f"before-call.{_hyphenated(client)}"
    client.meta.events.register(name, count.note)
    try:
        yield count.calls
    finally:
        client.meta.events.unregister(name, count.note)


def _hyphenated(client: Any) -> str:
    return str(client.meta.service_model.service_id.hyphenize())
