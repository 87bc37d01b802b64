"""The walker itself: what a story proves is worth as much as this."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from tests.support.definition import Definition, QueryFailed
from tests.support.walker import Execution, FunctionFailed, Status

from switchover_local.twin.clock import SteppedClock

if TYPE_CHECKING:
    from collections.abc import Callable

_RETRY = {
    "ErrorEquals": ["States.TaskFailed"],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxAttempts": 2,
    "MaxDelaySeconds": 3,
    "JitterStrategy": "FULL",
}
_WAITING = "arn:aws:states:::lambda:invoke.waitForTaskToken"


def _definition(**changes: Any) -> Definition:
    work = {
        "Type": "Task",
        "Comment": "Works.",
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:Work",
        "TimeoutSeconds": 100,
        "Arguments": {"name": "{% $states.context.Execution.Name %}"},
        "Assign": {"done": "{% $states.result.word %}"},
        "Retry": [_RETRY],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"done": "caught"}, "Next": "Which"}],
        "Next": "Which",
        **changes,
    }
    which = {
        "Type": "Choice",
        "Comment": "Picks.",
        "Choices": [{"Condition": "{% $done = 'well' %}", "Next": "Good"}],
        "Default": "Bad",
    }
    return Definition.model_validate(
        {
            "Comment": "Small.",
            "QueryLanguage": "JSONata",
            "StartAt": "Work",
            "States": {
                "Work": work,
                "Which": which,
                "Good": {"Type": "Succeed", "Comment": "Well."},
                "Bad": {
                    "Type": "Fail",
                    "Comment": "Not well.",
                    "Error": "E",
                    "Cause": "{% $done %}",
                },
            },
        }
    )


def _begin(
    invoke: Callable[[str, Any], Any], **changes: Any
) -> tuple[Execution, SteppedClock, list[str]]:
    clock = SteppedClock(datetime(2026, 1, 1, tzinfo=UTC))
    ends: list[str] = []
    execution = Execution(
        "arn:run", "run", {}, _definition(**changes), clock, invoke, lambda e: ends.append(e.status)
    )
    return execution, clock, ends


def test_a_result_is_assigned_and_chosen_by() -> None:
    execution, clock, ends = _begin(lambda _, payload: {"word": "well", **payload})

    clock.advance(1)

    assert execution.path == ["Work", "Which", "Good"]
    assert ends == [Status.SUCCEEDED]


def test_a_failing_function_is_retried_ever_later_and_then_caught() -> None:
    tried_at: list[datetime] = []

    def fail(_: str, __: Any) -> Any:
        tried_at.append(clock.now())
        raise FunctionFailed("ValueError", "no")

    execution, clock, _ = _begin(fail)
    clock.advance(60)

    assert [(at - tried_at[0]).total_seconds() for at in tried_at] == [0, 2, 5]
    assert (execution.state, execution.error, execution.cause) == ("Bad", "E", "caught")
    assert execution.transitions == 5


def test_a_waiting_task_takes_one_answer() -> None:
    tokens: list[str] = []
    arguments = {"FunctionName": "f", "Payload": {"token": "{% $states.context.Task.Token %}"}}
    execution, clock, _ = _begin(
        lambda _, payload: tokens.append(payload["token"]), Resource=_WAITING, Arguments=arguments
    )
    clock.advance(50)

    execution.succeed({"word": "well"})
    is_waiting = execution.is_waiting_for(tokens[0])
    clock.advance(500)

    assert not is_waiting
    assert execution.state == "Good"


def test_a_waiting_task_times_out_unretried() -> None:
    arguments = {"FunctionName": "f", "Payload": "{% $states.context.Task.Token %}"}
    execution, clock, _ = _begin(lambda *_: None, Resource=_WAITING, Arguments=arguments)

    clock.advance(99)
    before = execution.state
    clock.advance(2)

    assert (before, execution.state) == ("Work", "Bad")
    assert execution.retries == 0


def test_an_answer_outlives_the_crash_of_the_function_that_gave_it() -> None:
    def answer_and_crash(_: str, __: Any) -> Any:
        execution.succeed({"word": "well"})
        raise FunctionFailed("ValueError", "too late")

    arguments = {"FunctionName": "f", "Payload": {}}
    execution, clock, _ = _begin(answer_and_crash, Resource=_WAITING, Arguments=arguments)
    clock.advance(60)

    assert execution.path == ["Work", "Which", "Good"]


@pytest.mark.parametrize(("seconds", "end"), [(99, "Good"), (100, "Bad"), (400, "Bad")])
def test_a_state_gives_a_function_up_that_takes_too_long(seconds: int, end: str) -> None:
    clocks: list[SteppedClock] = []

    def work(_function: str, _payload: Any) -> dict[str, str]:
        clocks[0].advance(seconds)
        return {"word": "well"}

    execution, clock, _ = _begin(work)
    clocks.append(clock)

    clock.advance(1000)

    assert execution.path == ["Work", "Which", end]
    assert execution.retries == 0


def test_a_function_that_fails_after_it_was_given_up_is_not_retried() -> None:
    clocks: list[SteppedClock] = []

    def work(_function: str, _payload: Any) -> Any:
        clocks[0].advance(400)
        raise FunctionFailed("Sandbox.Timedout", "")

    execution, clock, _ = _begin(work)
    clocks.append(clock)

    clock.advance(1000)

    assert (execution.state, execution.cause, execution.retries) == ("Bad", "caught", 0)


def test_a_function_that_outlives_its_execution_changes_nothing_of_it() -> None:
    stops: list[Callable[[], None]] = []

    def work(_function: str, _payload: Any) -> dict[str, str]:
        stops[0]()
        return {"word": "well"}

    execution, clock, ends = _begin(work)
    stops.append(execution.abort)

    clock.advance(1000)

    assert (execution.path, ends) == (["Work"], [Status.ABORTED])


def test_a_stopped_execution_does_nothing_more() -> None:
    execution, clock, ends = _begin(lambda *_: {"word": "well"})

    execution.abort()
    clock.advance(60)

    assert execution.path == ["Work"]
    assert ends == [Status.ABORTED]


def test_an_expression_that_gives_nothing_is_an_error() -> None:
    _, clock, _ = _begin(lambda *_: {"other": 1})

    with pytest.raises(QueryFailed, match=r"states\.result\.word"):
        clock.advance(1)


def test_a_field_that_is_not_modelled_is_an_error() -> None:
    with pytest.raises(ValidationError, match="HeartbeatSeconds"):
        _definition(HeartbeatSeconds=5)
