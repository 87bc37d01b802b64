"""The faults between the product and AWS: calls that fail, take effect late or are throttled.

A failed call lies above botocore's own retries: it has failed in all tries of the client. A storm lies
below them.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError
from tests.support.faults.injected import Call, Tap, attempts_of
from tests.support.walker import Status

from switchover import budget

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.walker import Execution

# Source: each service's API reference, "Common errors" or "Error responses".
_THROTTLED = {"s3": "SlowDown", "sns": "ThrottledException"}
_DENIED = {"s3": "AccessDenied", "sns": "AuthorizationError", "cloudwatch": "AccessDenied"}
# A process that begins anew: Lambda gives its initialisation 10 s (Lambda Developer Guide, "Lambda
# execution environment lifecycle"), and a state counts them.
_COLD_START_SECONDS = 10
# The longest that botocore's standard mode may wait before the next try (boto3 Guide, "Retries"); it
# draws a random part of it.
_LONGEST_BACKOFF_SECONDS = 20
_FOR_EVER = 1_000_000


class Kind(StrEnum):
    """The ways in which a call or a function fails."""

    THROTTLED = "throttled"
    SERVER_ERROR = "5xx"
    NO_CONNECTION = "timed out before"
    LOST_ANSWER = "timed out after"
    DENIED = "denied"
    CRASH_BEFORE = "crashed before"
    CRASH_AFTER = "crashed after"


CRASHES = frozenset({Kind.CRASH_BEFORE, Kind.CRASH_AFTER})


class Fault:
    """One fault. `at` is the call, the function or the state at which the fault begins."""

    @property
    def at(self) -> Call | str:
        """The place where the fault begins: a call (without an operation: a function), or a state."""
        raise NotImplementedError

    @property
    def family(self) -> str:
        """The kind of fault, for selecting it."""
        raise NotImplementedError

    @property
    def how(self) -> str:
        """The fault's column in a table."""
        raise NotImplementedError

    @property
    def state(self) -> str:
        """The state in which the fault begins."""
        return self.at if isinstance(self.at, str) else self.at.state

    @property
    def what(self) -> str:
        """The fault's row in a table."""
        return "" if isinstance(self.at, str) else self.at.name

    @property
    def name(self) -> str:
        """The fault's unique name, for selecting it."""
        return "/".join(filter(None, (self.state, self.what, self.how))).replace(" ", "-")

    def begins_at(self, call: Call) -> bool:
        """Whether the fault can begin at this call or function."""
        return self.meets(call, 0)

    def plant(self, tap: Tap) -> None:
        """Prepare the fault before the run."""

    def meets(self, _call: Call, _hits: int) -> bool:
        """Whether the fault hits this call, after it has hit `times` calls."""
        return False

    def spoil(self, _call: Call, _tap: Tap, ask: Callable[[], Any]) -> Any:
        """The result of a call that the fault hits."""
        return ask()

    def comes_with(self, _execution: Execution, _tap: Tap) -> bool:
        """Whether the fault happens when an execution enters a state."""
        return False

    def happen(self, execution: Execution, tap: Tap) -> None:
        """Carry out the fault at a state."""


@dataclass(frozen=True)
class Failure(Fault):
    """A call fails: the first time in its state, or each time in its function.

    A role belongs to a function, so a missing permission lasts for ever and is the function's.
    """

    call: Call
    kind: Kind
    is_for_ever: bool
    family = "failure"

    @property
    def at(self) -> Call:
        return self.call

    @property
    def how(self) -> str:
        return f"{self.kind} {'ever' if self.is_for_ever else 'once'}"

    @property
    def reach(self) -> tuple[str, ...]:
        """A key that is equal for faults that hit the same calls."""
        call = self.call
        is_of_function = self.is_for_ever or self.kind in CRASHES
        return ("" if is_of_function else call.state, call.function, call.service, call.operation)

    def begins_at(self, call: Call) -> bool:
        return self.reach == replace(self, call=call).reach

    def plant(self, tap: Tap) -> None:
        if self.kind in CRASHES:
            tap.hits[self] += 1
            tap.world.crash(
                self.call.function.removesuffix("Function"),
                times=_FOR_EVER if self.is_for_ever else 1,
                after=self.kind is Kind.CRASH_AFTER,
            )

    def meets(self, call: Call, hits: int) -> bool:
        if self.kind in CRASHES or (hits and not self.is_for_ever):
            return False
        return self.begins_at(call)

    def spoil(self, call: Call, _tap: Tap, ask: Callable[[], Any]) -> Any:
        match self.kind:
            case Kind.LOST_ANSWER:
                ask()
                raise ReadTimeoutError(endpoint_url=call.service)
            case Kind.NO_CONNECTION:
                raise ConnectTimeoutError(endpoint_url=call.service)
            case Kind.THROTTLED:
                raise _throttled(call)
            case Kind.SERVER_ERROR:
                raise _refusal("InternalFailure", 500, call.operation)
            case Kind.DENIED:
                code = _DENIED.get(call.service, "AccessDeniedException")
                raise _refusal(code, 403, call.operation)
            case _:
                raise ValueError(f"{self.kind} is no fault of a call")


@dataclass(frozen=True)
class LateAct(Fault):
    """A call takes effect some time after its caller was ended.

    The caller ends by a stop from outside, at once; or by the timeouts of function and state, after a
    cold start. A function that still runs then continues with the answer.
    """

    call: Call
    seconds: int
    is_stopped: bool
    family = "late"

    @property
    def at(self) -> Call:
        return self.call

    @property
    def how(self) -> str:
        return f"{'stopped' if self.is_stopped else 'timed out'} {self.seconds} s"

    def meets(self, call: Call, hits: int) -> bool:
        return call == self.call and not hits

    def spoil(self, call: Call, tap: Tap, ask: Callable[[], Any]) -> Any:
        lambdas, lands_in = tap.world.lambdas, float(self.seconds)
        if self.is_stopped:
            _stop_where(tap, call.state)
        else:
            assert lambdas.ends_at is not None
            lambdas.lend(_COLD_START_SECONDS)
            lands_in += lambdas.seconds_left
        if lands_in < lambdas.seconds_left:
            lambdas.pause(lands_in)
            return ask()
        tap.world.clock.call_later(lands_in, lambda: _ask_for_nobody(ask))
        lambdas.pause(lambdas.seconds_left)
        raise AssertionError("a function outlived its time")


@dataclass(frozen=True)
class Storm(Fault):
    """An operation is throttled a number of times in a row, for every caller; `*` means all of a service.

    The fault lies below the SDK: each try counts, and each pause between tries has its longest duration.
    """

    call: Call
    throttles: int
    family = "storm"

    @property
    def at(self) -> Call:
        return self.call

    @property
    def how(self) -> str:
        return f"{self.throttles} throttles"

    def begins_at(self, call: Call) -> bool:
        return call.state == self.call.state and self._is_among(call)

    def meets(self, call: Call, hits: int) -> bool:
        return self._is_among(call) if hits else self.begins_at(call)

    def spoil(self, call: Call, tap: Tap, ask: Callable[[], Any]) -> Any:
        tap.hits[self] -= 1  # tries count, not calls
        for tried in range(attempts_of(call.service)):
            if tried:
                tap.world.lambdas.pause(min(2 ** (tried - 1), _LONGEST_BACKOFF_SECONDS))
            # As the product's own clients before each try, except the client that invokes the model.
            if call.service != "sagemaker-runtime":
                budget.spend(call.operation)
            if tap.hits[self] >= self.throttles:
                return ask()
            tap.hits[self] += 1
        raise _throttled(call)

    def _is_among(self, call: Call) -> bool:
        wanted = self.call
        return call.service == wanted.service and wanted.operation in {"*", call.operation}


def _stop_where(tap: Tap, state: str) -> None:
    running = (each for each in tap.world.executions if each.status is Status.RUNNING)
    next(each for each in running if each.state == state).abort()


def _ask_for_nobody(ask: Callable[[], Any]) -> None:
    with suppress(ClientError, BotoCoreError):
        ask()


def _throttled(call: Call) -> ClientError:
    code = _THROTTLED.get(call.service, "ThrottlingException")
    return _refusal(code, 400, call.operation)


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
