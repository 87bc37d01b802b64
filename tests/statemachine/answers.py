"""Every word that a Task can answer, taken from the code that says the word."""

from __future__ import annotations

import ast
import importlib
import inspect
import textwrap
from typing import TYPE_CHECKING

from tests.statemachine.definition import Choice, Definition, Task
from tests.statemachine.template import read_template

from switchover.domain.approvals.approval import verdict_of
from switchover.domain.copying import CopyVerdict
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Decision, Turn
from switchover.domain.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The words that a function takes from elsewhere, by its module.
_TAKEN: Mapping[str, Iterable[str]] = {
    "claim_endpoint": [Decision(turn).verdict for turn in Turn],
    "copy_release": CopyVerdict,
    "observe_update": Verdict,
    "plan_update": [Decision(turn).verdict for turn in (Turn.WAIT, Turn.REJECTED)],
    "record_outcome": Outcome,
    "test_model": GoldenVerdict,
}
# The code to which a step leaves the word, by the step's module.
_LEFT_TO: Mapping[str, tuple[object, ...]] = {"record_approval": (verdict_of,)}


def answers_of(module: str) -> frozenset[str]:
    """Every word by which the function in `module` can answer its state."""
    sources = (importlib.import_module(f"switchover.steps.{module}"), *_LEFT_TO.get(module, ()))
    spoken = {word for source in sources for word in _spoken_by(source)}
    return frozenset({*spoken, *map(str, _TAKEN.get(module, ()))})


def answers_before(definition: Definition, choice: str) -> frozenset[str]:
    """Every word that can lie before a Choice: answered by a Task, or set by a Catch."""
    tasks = [state for state in definition.states.values() if isinstance(state, Task)]
    answered = {
        word for task in tasks if task.next == choice for word in answers_of(_module_of(task))
    }
    caught = {
        str(assigned["verdict"])
        for task in tasks
        for catcher in task.catch
        for assigned in catcher.assign.values()
        if catcher.next == choice and isinstance(assigned, dict) and "verdict" in assigned
    }
    return frozenset(answered | caught)


def words_of(choice: Choice, variable: str) -> frozenset[str]:
    """The words with which a Choice compares a variable."""
    asked = [rule.condition.split("'") for rule in choice.choices]
    return frozenset(word for path, word, _ in asked if f"${variable}" in path)


def _module_of(task: Task) -> str:
    arguments = task.arguments
    assert isinstance(arguments, dict)
    template = read_template()
    function = str(arguments.get("FunctionName", task.resource)).rpartition(":")[2]
    return template.functions[function]


def _spoken_by(source: object) -> set[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(source)))  # type: ignore[arg-type]
    return {word for node in ast.walk(tree) for word in _spoken_in(node)}


def _spoken_in(node: ast.AST) -> set[str]:
    match node:
        case ast.Call(func=ast.Name(id="answer"), args=[word, *_]):
            return _either(word)
        case ast.Return(value=word) | ast.Assign(targets=[ast.Name(id="verdict")], value=word):
            return _either(word)
    return set()


def _either(word: ast.expr | None) -> set[str]:
    match word:
        case ast.Constant(value=str(said)):
            return {said}
        case ast.IfExp(body=one, orelse=other):
            return _either(one) | _either(other)
    return set()
