"""Faults between the product and AWS: each call of each state, spoilt in every way that a call can fail.

A fault lies above botocore's own retries: what meets it has been tried as often as the client tries.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from tests.statemachine.definition import Task, read_definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.statemachine.world import World

# Source: each service's API reference, "Common errors" or "Error responses".
_THROTTLED = {"s3": "SlowDown", "sns": "ThrottledException"}
_DENIED = {"s3": "AccessDenied", "sns": "AuthorizationError", "cloudwatch": "AccessDenied"}
_READINGS = ("Describe", "Get", "Head", "List", "Query", "Simulate")
_NOT_CALLS = frozenset({"meta", "exceptions"})


class Kind(StrEnum):
    """How a call fails, or how a function does."""

    THROTTLED = "throttled"
    SERVER_ERROR = "5xx"
    NO_CONNECTION = "timed out before"
    LOST_ANSWER = "timed out after"
    DENIED = "denied"
    CRASH_BEFORE = "crashed before"
    CRASH_AFTER = "crashed after"


CRASHES = frozenset({Kind.CRASH_BEFORE, Kind.CRASH_AFTER})


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """An operation that a state's function asks of a service; without one, the function itself."""

    state: str
    function: str
    service: str = ""
    operation: str = ""

    @property
    def name(self) -> str:
        """As a person says it."""
        return f"{self.service}:{self.operation}" if self.service else "the function itself"

    @property
    def is_reading(self) -> bool:
        """Whether it changes nothing."""
        return self.operation.startswith(_READINGS)


@dataclass(frozen=True, slots=True)
class Fault:
    """A call fails: the first time that its state makes it, or whenever its function does.

    Roles belong to functions, and so does what they may not do: that lasts for ever.
    """

    call: Call
    kind: Kind
    is_for_ever: bool

    def meets(self, call: Call) -> bool:
        """Whether this is a call that it spoils."""
        return self.reach == replace(self, call=call).reach

    @property
    def reach(self) -> tuple[str, ...]:
        """What two faults have in common that spoil the same calls."""
        call = self.call
        is_of_function = self.is_for_ever or self.kind in CRASHES
        state = "" if is_of_function else call.state
        return (state, call.function, call.service, call.operation)


@dataclass(slots=True)
class Tap:
    """What the product is handed for its clients: notes each call, and spoils those it is told to."""

    world: World
    fault: Fault | None = None
    calls: dict[Call, None] = field(default_factory=dict)
    hits: int = 0

    def client(self, service: str) -> Any:
        """The client of a service, listened to."""
        return _TappedClient(service, self.world.client(service), self)

    def pass_on(self, service: str, operation: str, ask: Callable[[], Any]) -> Any:
        """Make a call, unless its fault comes first."""
        function, payload = self.world.lambdas.running
        call = Call(state_of(function, payload), function, service, operation)
        self.calls[call] = None
        fault = self.fault
        if fault is None or not fault.meets(call) or (self.hits and not fault.is_for_ever):
            return ask()
        self.hits += 1
        match fault.kind:
            case Kind.LOST_ANSWER:
                ask()
                raise ReadTimeoutError(endpoint_url=service)
            case Kind.NO_CONNECTION:
                raise ConnectTimeoutError(endpoint_url=service)
            case Kind.THROTTLED:
                code, status = _THROTTLED.get(service, "ThrottlingException"), 400
            case Kind.SERVER_ERROR:
                code, status = "InternalFailure", 500
            case Kind.DENIED:
                code, status = _DENIED.get(service, "AccessDeniedException"), 403
            case _:
                raise ValueError(f"{fault.kind} is no fault of a call")
        raise _refusal(code, status, operation)


def state_of(function: str, payload: Any) -> str:
    """The state that invokes a function with this payload; the function's own name, if none does."""
    purpose = payload.get("purpose") if isinstance(payload, dict) else None
    for name, state in read_definition().states.items():
        if isinstance(state, Task) and _invokes(state, function, purpose):
            return name
    return function.removesuffix("Function")


def _invokes(task: Task, function: str, purpose: str | None) -> bool:
    arguments = task.arguments if isinstance(task.arguments, dict) else {}
    asked = arguments.get("Payload")
    wanted = asked.get("purpose") if isinstance(asked, dict) else None
    arn = str(arguments.get("FunctionName", task.resource))
    return arn.rpartition(":")[2] == function and wanted == purpose


class _TappedClient:
    """A client, or what stands in for one, whose operations go through a tap."""

    def __init__(self, service: str, client: Any, tap: Tap) -> None:
        self._service = service
        self._client = client
        self._tap = tap

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if name in _NOT_CALLS:
            return found
        return lambda **asked: self._tap.pass_on(
            self._service, _operation(name), lambda: found(**asked)
        )

    def get_paginator(self, name: str) -> _TappedPages:
        """The pages of an operation."""
        pages = self._client.get_paginator(name)
        return _TappedPages(self._service, _operation(name), pages, self._tap)


@dataclass(frozen=True, slots=True)
class _TappedPages:
    """All the pages of one operation, which count as one call."""

    service: str
    operation: str
    pages: Any
    tap: Tap

    def paginate(self, **asked: Any) -> list[Any]:
        return list(
            self.tap.pass_on(
                self.service, self.operation, lambda: list(self.pages.paginate(**asked))
            )
        )


def _operation(method: str) -> str:
    return method.title().replace("_", "")


def _refusal(code: str, status: int, operation: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": f"{code}, as planned"},
            "ResponseMetadata": {
                "RequestId": "",
                "HostId": "",
                "HTTPStatusCode": status,
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        operation,
    )
