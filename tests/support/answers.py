"""The possible answers of each state by its step's types, and the values that the Choices compare."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

from tests.support.definition import Choice, Task, read_definition
from tests.support.template import read_template

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARISON = re.compile(r"\{% \$(\w+)(?:\.verdict)? = '(\w+)' %\}")


def answers_of(state: str) -> frozenset[str]:
    """Every verdict in the answer type of a Task's step."""
    module = importlib.import_module(f"switchover.steps.{_module_of(state)}")
    step = getattr(module, _module_of(state))
    found = re.fullmatch(r"StateAnswer\[(\w+)\]", step.__annotations__["return"])
    assert found is not None, f"{step.__qualname__} says no StateAnswer"
    return frozenset(map(str, getattr(module, found[1])))


def answers_before(choice: str) -> frozenset[str]:
    """Every verdict that may reach a Choice: those of all Tasks that lead to it."""
    variable = {name for name, _ in _comparisons(choice)} - {"gate"}
    return frozenset(
        verdict
        for name, task in _tasks()
        if task.next == choice and variable <= set(task.assign)
        for verdict in answers_of(name)
    )


def compared_by(choice: str) -> frozenset[str]:
    """The verdicts that a Choice names."""
    return frozenset(word for variable, word in _comparisons(choice) if variable != "gate")


def _comparisons(choice: str) -> Iterator[tuple[str, str]]:
    state = read_definition().states[choice]
    assert isinstance(state, Choice)
    for rule in state.choices:
        found = _COMPARISON.fullmatch(rule.condition)
        if found is not None:
            yield found[1], found[2]


def _tasks() -> Iterator[tuple[str, Task]]:
    for name, state in read_definition().states.items():
        if isinstance(state, Task):
            yield name, state


def _module_of(state: str) -> str:
    task = read_definition().states[state]
    assert isinstance(task, Task)
    named = task.arguments.get("FunctionName") if isinstance(task.arguments, dict) else None
    return read_template().functions[str(named or task.resource).rpartition(":")[2]]
