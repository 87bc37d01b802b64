"""Sits between the product and AWS: records each call and each state, and injects faults."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.support.definition import Task, read_definition
from tests.support.template import REGION

from switchover.aws import clients as product_clients

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.faults.kinds import Fault
    from tests.support.walker import Execution
    from tests.support.world import World

    from switchover.domain.outcome import Outcome

_READINGS = ("Describe", "Get", "Head", "List", "Query", "Simulate")
_NOT_CALLS = frozenset({"meta", "exceptions"})
_make_client = product_clients.client


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """An operation that a state's function asks of a service; without one, the function itself."""

    state: str
    function: str
    service: str = ""
    operation: str = ""

    @property
    def name(self) -> str:
        """The operation in words."""
        return f"{self.service}:{self.operation}" if self.service else "the function itself"

    @property
    def is_reading(self) -> bool:
        """Whether the operation only reads."""
        return self.operation.startswith(_READINGS)


@dataclass(slots=True)
class Tap:
    """Replaces the product's clients, and is notified of each state's beginning.

    A step is the beginning of a state or the run of a function. `first_steps` tells at which one each
    call, function and state was met first.
    """

    world: World
    faults: tuple[Fault, ...] = ()
    on_step: Callable[[int], None] = lambda _step: None
    step: int = 0
    first_steps: dict[Call | str, int] = field(default_factory=dict)
    hits: Counter[Fault] = field(default_factory=Counter)
    # Whether something was changed from outside, and whether this was after the outcome's reading.
    is_touched: bool = False
    is_touched_after: bool = False
    outcome_before: Outcome | None = None

    def __post_init__(self) -> None:
        self.world.stepfunctions.before_state = self._begin_state
        self.world.lambdas.before_run = self._begin_run

    def forget(self) -> None:
        """Count from here on."""
        self.step = 0
        self.first_steps.clear()

    def client(self, service: str) -> Any:
        """The client of a service, with its calls recorded."""
        return _TappedClient(service, self.world.client(service), self)

    def pass_on(self, service: str, operation: str, ask: Callable[[], Any]) -> Any:
        """Make a call, unless a fault happens instead."""
        function, payload = self.world.lambdas.running
        call = Call(state_of(function, payload), function, service, operation)
        self.first_steps.setdefault(call, self.step)
        for fault in self.faults:
            if fault.meets(call, self.hits[fault]):
                self.hits[fault] += 1
                return fault.spoil(call, self, ask)
        return ask()

    def _begin_run(self, function: str, payload: Any) -> None:
        self._take_step()
        self.first_steps.setdefault(Call(state_of(function, payload), function), self.step)

    def _begin_state(self, execution: Execution) -> None:
        self._take_step()
        if execution is self.world.executions[0]:
            self.first_steps.setdefault(execution.state, self.step)
        for fault in self.faults:
            if fault.comes_with(execution, self):
                self.hits[fault] += 1
                fault.happen(execution, self)

    def _take_step(self) -> None:
        self.step += 1
        self.on_step(self.step)


@cache
def attempts_of(service: str) -> int:
    """How many times the product's own client of a service tries a call."""
    with patch.dict(os.environ, AWS_DEFAULT_REGION=REGION):
        retries: dict[str, Any] = _make_client(service).meta.config.retries
    return int(retries["total_max_attempts"])


def run_at_once(
    _pool: object, act: Callable[..., Any], /, *asked: Any, **named: Any
) -> Future[Any]:
    """Replaces a pool's `submit`: in virtual time there are no threads."""
    done: Future[Any] = Future()
    try:
        done.set_result(act(*asked, **named))
    except BaseException as error:  # noqa: BLE001 - as a pool's own worker does
        done.set_exception(error)
    return done


@cache
def _purposes() -> dict[tuple[str, str | None], str]:
    return {
        _function_and_purpose(state): name
        for name, state in reversed(read_definition().states.items())
        if isinstance(state, Task)
    }


def state_of(function: str, payload: Any) -> str:
    """The state that invokes a function with this payload; the function's own name if there is none."""
    asked = payload if isinstance(payload, dict) else {}
    marks = (asked.get("purpose"), asked.get("gate") if "asked_at" in asked else None)
    purpose = next((mark for mark in marks if mark), None)
    return _purposes().get((function, purpose), function.removesuffix("Function"))


def _function_and_purpose(task: Task) -> tuple[str, str | None]:
    arguments = task.arguments if isinstance(task.arguments, dict) else {}
    asked = arguments.get("Payload")
    marks = asked if isinstance(asked, dict) else {}
    arn = str(arguments.get("FunctionName", task.resource))
    purpose = marks.get("purpose") or marks.get("gate")
    return arn.rpartition(":")[2], str(purpose) if purpose else None


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
    """The pages of one operation, which count as one call; each is read when it is asked for."""

    service: str
    operation: str
    pages: Any
    tap: Tap

    def paginate(self, **asked: Any) -> Iterator[Any]:
        pages = iter(self.pages.paginate(**asked))
        yield self.tap.pass_on(self.service, self.operation, lambda: next(pages))
        yield from pages


def _operation(method: str) -> str:
    return method.title().replace("_", "")
