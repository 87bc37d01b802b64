"""Walks one execution of a state machine on virtual time, as Step Functions would run it.

Each state is one turn of the clock, so that whatever happens at the same instant (an event, a stop
from outside, another execution) can come between two states.
Source: Step Functions Developer Guide, "Handling errors in Step Functions workflows" and "Passing
data between states with variables".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import JsonValue
from tests.support.definition import (
    Choice,
    Definition,
    Fail,
    NotModelled,
    Succeed,
    Task,
    Wait,
    evaluate,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from switchover_local.twin.agenda import Timer
    from switchover_local.twin.clock import Clock

# Source: Step Functions quotas.
_PAYLOAD_BYTES = 256 * 1024
_PARKED = ":states:::lambda:invoke.waitForTaskToken"
_TIMEOUT = "States.Timeout"


class Status(StrEnum):
    """How an execution stands, in DescribeExecution's words."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"


class FunctionFailed(Exception):
    """A function raised: its error's name and Lambda's account of it."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


# Runs the function of an ARN on a payload; raises FunctionFailed.
Invoke = Callable[[str, JsonValue], JsonValue]


@dataclass(slots=True)
class _Wait:
    token: str
    timer: Timer


@dataclass(slots=True)
class Execution:
    """One run of the machine, and the path that it took."""

    arn: str
    name: str
    request: JsonValue
    definition: Definition
    clock: Clock
    invoke: Invoke
    on_end: Callable[[Execution], None]
    # Called whenever a state begins, before anything in it has happened.
    before_state: Callable[[Execution], None] = lambda _execution: None
    started_at: datetime = field(init=False)
    ended_at: datetime | None = None
    status: Status = Status.RUNNING
    error: str | None = None
    cause: str | None = None
    path: list[str] = field(default_factory=list)
    entered_at: list[datetime] = field(default_factory=list)
    retries: int = 0
    tokens_given: int = 0
    variables: dict[str, JsonValue] = field(default_factory=dict)
    _tries: dict[int, int] = field(default_factory=dict)
    _wait: _Wait | None = None

    def __post_init__(self) -> None:
        self.started_at = self.clock.now()
        self._enter(self.definition.start_at)

    @property
    def state(self) -> str:
        """The state that it is in, or ended in."""
        return self.path[-1]

    @property
    def transitions(self) -> int:
        """What AWS bills: each state entered, and each retry."""
        return len(self.path) + self.retries

    def is_waiting_for(self, token: str) -> bool:
        """Whether an answer under this token would be taken."""
        return (
            self.status is Status.RUNNING and self._wait is not None and self._wait.token == token
        )

    def succeed(self, output: JsonValue) -> None:
        """Answer the waiting task."""
        self._stop_waiting()
        self.clock.call_later(0, lambda: self._leave(self._task(), output))

    def fail(self, error: str, cause: str) -> None:
        """Refuse the waiting task."""
        self._stop_waiting()
        self.clock.call_later(0, lambda: self._handle(self._task(), error, cause))

    def abort(self) -> None:
        """Stop it from outside, wherever it is."""
        self._stop_waiting()
        self._end(Status.ABORTED)

    def _enter(self, name: str) -> None:
        if self.status is not Status.RUNNING:
            return
        self.path.append(name)
        self.entered_at.append(self.clock.now())
        self._tries = {}
        self.clock.call_later(0, self._run)

    def _run(self) -> None:
        if self.status is not Status.RUNNING:
            return
        self.before_state(self)
        if self.status is not Status.RUNNING:
            return
        match self.definition.states[self.state]:
            case Task() as task:
                self._do(task)
            case Choice() as choice:
                self._enter(self._choose(choice))
            case Wait() as wait:
                seconds = evaluate(wait.seconds, self._scope())
                # AWS takes whole seconds only (Amazon States Language, "Wait").
                if not isinstance(seconds, int) or seconds < 0:
                    raise NotModelled(f"{self.state}: nobody can wait {seconds!r} seconds")
                self.clock.call_later(seconds, lambda: self._enter(wait.next))
            case Succeed():
                self._end(Status.SUCCEEDED)
            case Fail() as fail:
                self.error = fail.error
                self.cause = str(evaluate(fail.cause, self.variables))
                self._end(Status.FAILED)

    def _do(self, task: Task) -> None:
        is_waiting = task.resource.endswith(_PARKED)
        if not is_waiting and ":function:" not in task.resource:
            raise NotModelled(f"{self.state}: the walker knows no {task.resource}")
        wait = self._wait = self._begin_waiting(task, has_token=is_waiting)
        arguments = evaluate(task.arguments, self._scope(task_token=is_waiting))
        function, payload = _invocation(arguments) if is_waiting else (task.resource, arguments)
        try:
            result = self.invoke(function, _through_json(payload))
        except FunctionFailed as failure:
            # A function that answered its own token before it failed has succeeded.
            if self._wait is wait:
                self._stop_waiting()
                self._handle(task, failure.error, failure.cause)
            return
        # With a token, what the function returns is ignored: only the token's answer counts. Nor does
        # a function count that the state gave up before it had answered.
        if not is_waiting and self._wait is wait:
            self._stop_waiting()
            self._leave(task, _through_json(result))

    def _choose(self, choice: Choice) -> str:
        for rule in choice.choices:
            answer = evaluate(rule.condition, self._scope())
            if not isinstance(answer, bool):
                raise NotModelled(f"{self.state}: a condition gave {answer!r}, not true or false")
            if answer:
                return rule.next
        return choice.default

    def _leave(self, task: Task, result: JsonValue) -> None:
        if self.status is not Status.RUNNING:
            return
        scope = self._scope(result=result)
        self._assign(task.assign, scope)
        self._enter(task.next)

    def _handle(self, task: Task, error: str, cause: str) -> None:
        if self.status is not Status.RUNNING:
            return
        for index, retrier in enumerate(task.retry):
            if _matches(retrier.error_equals, error):
                tried = self._tries.get(index, 0)
                if tried < retrier.max_attempts:
                    self._tries[index] = tried + 1
                    self.retries += 1
                    self.clock.call_later(retrier.delay_seconds(tried), self._run)
                    return
                break
        for catcher in task.catch:
            if _matches(catcher.error_equals, error):
                self._assign(catcher.assign, self._scope(error={"Error": error, "Cause": cause}))
                self._enter(catcher.next)
                return
        self.error, self.cause = error, cause
        self._end(Status.FAILED)

    def _assign(self, assign: Mapping[str, JsonValue], scope: Mapping[str, JsonValue]) -> None:
        # All are worked out before any is set, as on AWS.
        self.variables |= {key: evaluate(value, scope) for key, value in assign.items()}

    def _scope(
        self,
        *,
        result: JsonValue = None,
        error: JsonValue = None,
        task_token: bool = False,
    ) -> dict[str, JsonValue]:
        context: dict[str, JsonValue] = {
            "Execution": {
                "Id": self.arn,
                "Name": self.name,
                "Input": self.request,
                "StartTime": self.started_at.isoformat(),
            },
            "State": {"EnteredTime": self.entered_at[-1].isoformat()},
        }
        if task_token and self._wait is not None:
            context["Task"] = {"Token": self._wait.token}
        states: dict[str, JsonValue] = {"context": context}
        if result is not None:
            states["result"] = result
        if error is not None:
            states["errorOutput"] = error
        return {**self.variables, "states": states}

    def _begin_waiting(self, task: Task, *, has_token: bool) -> _Wait:
        self.tokens_given += has_token
        timer = self.clock.call_later(task.timeout_seconds, self._time_out)
        return _Wait(f"{self.arn}/{self.tokens_given}" if has_token else "", timer)

    def _time_out(self) -> None:
        self._wait = None
        self._handle(self._task(), _TIMEOUT, "")

    def _stop_waiting(self) -> None:
        if self._wait is not None:
            self._wait.timer.cancel()
            self._wait = None

    def _task(self) -> Task:
        state = self.definition.states[self.state]
        assert isinstance(state, Task)
        return state

    def _end(self, status: Status) -> None:
        self.status = status
        self.ended_at = self.clock.now()
        self.on_end(self)


def _matches(names: tuple[str, ...], error: str) -> bool:
    # States.TaskFailed stands for every error of a task but a timeout.
    return (
        error in names
        or "States.ALL" in names
        or ("States.TaskFailed" in names and error != _TIMEOUT)
    )


def _invocation(arguments: JsonValue) -> tuple[str, JsonValue]:
    if not isinstance(arguments, dict) or set(arguments) != {"FunctionName", "Payload"}:
        raise NotModelled(f"lambda:invoke takes FunctionName and Payload, not {arguments}")
    return str(arguments["FunctionName"]), arguments["Payload"]


def _through_json(payload: JsonValue) -> JsonValue:
    """Make of a payload what Lambda and Step Functions make of it: JSON text, of limited length."""
    text = json.dumps(payload)
    if len(text.encode()) > _PAYLOAD_BYTES:
        raise NotModelled(f"{len(text)} bytes are more than Step Functions carries")
    result: JsonValue = json.loads(text)
    return result
