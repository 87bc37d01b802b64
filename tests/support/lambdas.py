"""Runs the product's handlers like Lambda, and lets a story make them fail."""

from __future__ import annotations

import importlib
import json
import os
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.support.definition import NotModelled
from tests.support.walker import FunctionFailed

from switchover import budget
from switchover.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from tests.support.template import Template

    from switchover_local.twin.clock import Clock

# Source: Lambda Developer Guide, asynchronous invocation: two retries, after one and two minutes.
_ASYNC_RETRY_SECONDS = (60, 120)
_EVENTBRIDGE_SECONDS = 1
# Lambda's error name for a process that ends before its answer.
_DIED = "Runtime.ExitError"
# The error name in Step Functions for a function that reached its timeout.
_TIMED_OUT = "Sandbox.Timedout"


class PlannedCrash(Exception):
    """A story made the handler fail."""


class FunctionTimedOut(BaseException):
    """Lambda ended the process at the function's time-out: no handler sees it coming."""


@dataclass(slots=True)
class Crash:
    """A handler fails the next `times` times: before it acted, or after."""

    times: int
    after: bool


@dataclass(slots=True)
class Lambdas:
    """Every function of the template."""

    template: Template
    clock: Clock
    crashes: dict[str, list[Crash]] = field(default_factory=lambda: defaultdict(list))
    errors: list[Exception] = field(default_factory=list)
    dead_letters: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    # The running function and its payload; a function that was left running continues later.
    running: tuple[str, Any] = ("", None)
    # The time at which Lambda ends the running function.
    ends_at: datetime | None = None
    # Variables that other parameters of the stack would set otherwise.
    overrides: dict[str, str] = field(default_factory=dict)
    # Called before a function runs.
    before_run: Callable[[str, Any], None] = lambda _name, _payload: None

    def invoke(self, function_arn: str, payload: Any) -> Any:
        """Run a function; what it raises comes back as Lambda words it."""
        name = function_arn.rpartition(":")[2]
        return self._answer(lambda: self._run(name, payload))

    def deliver(self, function: str, event: dict[str, Any], attempt: int = 0) -> None:
        """Give an event to a function, as EventBridge does: soon, and again if it fails."""

        def run() -> None:
            try:
                self._answer(lambda: self._run(function, payload))
            except FunctionFailed:
                if attempt < len(_ASYNC_RETRY_SECONDS):
                    self.deliver(function, event, attempt + 1)
                else:
                    self.dead_letters.append(event)

        delay = _ASYNC_RETRY_SECONDS[attempt - 1] if attempt else _EVENTBRIDGE_SECONDS
        payload = json.loads(json.dumps(event))
        self.clock.call_later(delay, run)

    @property
    def seconds_left(self) -> float:
        """The time that Lambda leaves the running function."""
        assert self.ends_at is not None
        return (self.ends_at - self.clock.now()).total_seconds()

    def lend(self, seconds: float) -> None:
        """Let the running function end later, as if it had begun later."""
        assert self.ends_at is not None
        self.ends_at += timedelta(seconds=seconds)

    def pause(self, seconds: float) -> None:
        """Let time pass inside the running function; everything else continues meanwhile.

        Raises:
        FunctionTimedOut: the function's time ended first.
        """
        running, ends_at, left = self.running, self.ends_at, self.seconds_left
        # A function that starts meanwhile runs in another process with its own time budget.
        with patch.object(budget, "_ends", []):
            self.clock.advance(min(seconds, left))
        self.running, self.ends_at = running, ends_at
        settings.cache_clear()
        if seconds >= left:
            raise FunctionTimedOut(f"{running[0]} timed out")

    def _answer(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except NotModelled:
            raise
        except FunctionTimedOut as end:
            raise FunctionFailed(_TIMED_OUT, json.dumps({"errorMessage": str(end)})) from end
        except Exception as error:
            if not isinstance(error, PlannedCrash):
                self.errors.append(error)
            kind = _DIED if isinstance(error, PlannedCrash) else type(error).__name__
            cause = {"errorMessage": str(error), "errorType": kind, "stackTrace": []}
            raise FunctionFailed(kind, json.dumps(cause)) from error

    def _run(self, name: str, payload: Any) -> Any:
        self.before_run(name, payload)
        self.calls.append((name, payload))
        ends_at = self.clock.now() + timedelta(seconds=self.template.timeout_seconds(name))
        module = importlib.import_module(f"functions.{self.template.functions[name]}")
        crash = self._take_crash(name.removesuffix("Function"))
        if crash is not None and not crash.after:
            raise PlannedCrash(f"{name} failed before it acted")
        self.running, self.ends_at = (name, payload), ends_at
        with _told(self._environment(name)):
            settings.cache_clear()
            answer = module.handler(payload, _Context(self))
        if crash is not None:
            raise PlannedCrash(f"{name} failed after it acted")
        return answer

    def _environment(self, name: str) -> dict[str, str]:
        return {**self.template.environment(name), **self.overrides}

    def _take_crash(self, state: str) -> Crash | None:
        planned = self.crashes[state]
        if not planned:
            return None
        planned[0].times -= 1
        return planned[0] if planned[0].times else planned.pop(0)


@contextmanager
def _told(variables: Mapping[str, str]) -> Iterator[None]:
    """Have these in the environment. `patch.dict` would write the whole environment anew each time."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@dataclass(frozen=True, slots=True)
class _Context:
    """The part of Lambda's context object that handlers use."""

    lambdas: Lambdas

    def get_remaining_time_in_millis(self) -> int:
        """How long the function may still run, in virtual time."""
        return round(self.lambdas.seconds_left * 1000)
