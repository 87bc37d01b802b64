"""Functions time out before their states, and every change is recorded before it is requested."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from docs.timeouts import (
    INIT_SECONDS,
    MARGIN_SECONDS,
    acting_functions,
    function_seconds,
)
from tests.support.called_actions import reached_code
from tests.support.samples import update
from tests.support.template_parts import MACHINE_PATHS, Function, Task, functions, tasks

from switchover.domain.asking import ACTING_SECONDS, LANDING_SECONDS

_CHANGING = re.compile(
    r"(sagemaker|cloudwatch|application-autoscaling):(Create|Update|Delete|Put|Register|Set)"
)
# Deletes only what bears its update's own id, which nobody else uses, whenever that lands.
_UNNOTED = {"RecordOutcomeFunction"}
_NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "task",
    [task for machine in MACHINE_PATHS for task in tasks(machine) if task.timeout_seconds],
    ids=lambda task: task.name,
)
def test_a_state_has_room_for_its_function_and_a_cold_start(task: Task) -> None:
    assert task.timeout_seconds is not None
    least = function_seconds()[task.function] + INIT_SECONDS + MARGIN_SECONDS
    assert task.timeout_seconds >= least


@pytest.mark.parametrize(
    "function",
    [function for function in functions() if function.name in acting_functions()],
    ids=lambda function: function.name,
)
def test_a_function_that_changes_anything_is_over_when_the_arithmetic_says(
    function: Function,
) -> None:
    assert function.timeout_seconds <= ACTING_SECONDS


def test_a_function_that_acts_reaches_the_code_that_notes_it() -> None:
    reaching = {
        function.name
        for function in functions()
        if "switchover.steps.asking.ask" in reached_code(function.handler)
    }

    assert reaching == acting_functions()


def test_every_function_that_may_change_anything_notes_it() -> None:
    may_change = {
        function.name for function in functions() if any(map(_CHANGING.match, function.actions))
    }

    assert may_change == acting_functions() | _UNNOTED


@pytest.mark.parametrize(
    ("seconds", "is_under_way"), [(0, True), (LANDING_SECONDS - 1, True), (LANDING_SECONDS, False)]
)
def test_a_request_without_an_answer_is_under_way_until_it_cannot_land(
    seconds: int, *, is_under_way: bool
) -> None:
    asked = update(asked_at=_NOW)

    assert asked.has_request_under_way(_NOW + timedelta(seconds=seconds)) is is_under_way


def test_nothing_is_under_way_once_every_answer_came() -> None:
    assert not update(asked_at=None).has_request_under_way(_NOW)
