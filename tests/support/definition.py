"""A state machine in Amazon States Language, with the features that ours uses.

A feature that isn't modelled here is an error, so that no story passes by ignoring it. A state has no
`Output`: the input of the next states is in variables.
Source: Step Functions Developer Guide, "Using Amazon States Language to define workflows".
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

import yaml
from jsonata import Jsonata
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_pascal
from tests.support.template import ROOT, read_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE = ROOT / "statemachine" / "update.asl.yaml"
GUARD_FILE = ROOT / "statemachine" / "guard.asl.yaml"
_EXPRESSION = re.compile(r"^\{%(.*)%\}$", re.DOTALL)
_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
_STATES_PATH = re.compile(r"\$states((?:\.\w+)*)")
_CALL = re.compile(r"\$(\w+)\s*\(")
# JSONata's own functions that ours uses; jsonata-python implements them as documented.
_FUNCTIONS = frozenset({"exists"})
# The content of `$states`, down to our own payloads.
_STATES_PATHS = (
    ".result",
    ".errorOutput.Error",
    ".errorOutput.Cause",
    ".context.Execution.Id",
    ".context.Execution.Name",
    ".context.Execution.StartTime",
    ".context.Execution.Input",
    ".context.State.EnteredTime",
    ".context.Task.Token",
)


class NotModelled(Exception):
    """The definition uses something that the walker doesn't know."""


class QueryFailed(Exception):
    """An expression gave no value; AWS then raises States.QueryEvaluationError."""


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_pascal, populate_by_name=True
    )


class Retrier(_Part):
    """Which errors are retried, how often and how soon."""

    error_equals: tuple[str, ...]
    interval_seconds: int
    backoff_rate: float
    max_attempts: int
    max_delay_seconds: int
    jitter_strategy: Literal["FULL"]

    def delay_seconds(self, attempt: int) -> float:
        """The longest wait that full jitter may draw before the retry after `attempt`."""
        return min(self.max_delay_seconds, self.interval_seconds * self.backoff_rate**attempt)


class Catcher(_Part):
    """The next state after an error."""

    error_equals: tuple[str, ...]
    assign: dict[str, JsonValue] = Field(default_factory=dict)
    next: str


class Task(_Part):
    """A state that calls a function."""

    type: Literal["Task"]
    comment: str
    resource: str
    timeout_seconds: int
    arguments: JsonValue
    assign: dict[str, JsonValue] = Field(default_factory=dict)
    retry: tuple[Retrier, ...]
    catch: tuple[Catcher, ...]
    next: str


class Rule(_Part):
    """One condition of a Choice."""

    condition: str
    next: str


class Choice(_Part):
    """A state that chooses the next state."""

    type: Literal["Choice"]
    comment: str
    choices: tuple[Rule, ...]
    default: str


class Wait(_Part):
    """A state that lets time pass."""

    type: Literal["Wait"]
    comment: str
    seconds: int | str
    next: str


class Succeed(_Part):
    """A good end."""

    type: Literal["Succeed"]
    comment: str


class Fail(_Part):
    """A bad end."""

    type: Literal["Fail"]
    comment: str
    error: str
    cause: str


State = Annotated[Task | Choice | Wait | Succeed | Fail, Field(discriminator="type")]


class Definition(_Part):
    """A whole state machine."""

    comment: str
    query_language: Literal["JSONata"] = Field(alias="QueryLanguage")
    start_at: str
    states: dict[str, State]

    def successors(self, name: str) -> tuple[str, ...]:
        """Every state that can follow, also after errors."""
        match self.states[name]:
            case Task() as task:
                return (task.next, *(catcher.next for catcher in task.catch))
            case Choice() as choice:
                return (*(rule.next for rule in choice.choices), choice.default)
            case Wait() as wait:
                return (wait.next,)
            case _:
                return ()


def fill_in(file: Path = FILE) -> dict[str, JsonValue]:
    """A definition with its substitutions filled in as text, as CloudFormation does."""
    substitutions = read_template().substitutions
    text = _SUBSTITUTION.sub(lambda found: substitutions[found[1]], file.read_text("utf-8"))
    filled: dict[str, JsonValue] = yaml.safe_load(text)
    return filled


@cache
def read_definition(file: Path = FILE) -> Definition:
    """Read a definition into its states.

    Raises:
        ValidationError, NotModelled: the definition uses a feature that the walker doesn't have.
    """
    definition = Definition.model_validate(fill_in(file))
    for expression in expressions(definition.model_dump(mode="json")):
        check_expression(expression)
    return definition


def expressions(value: JsonValue) -> Iterator[str]:
    """Every JSONata expression that stands anywhere in `value`."""
    match value:
        case str():
            if (found := _EXPRESSION.match(value)) is not None:
                yield found[1].strip()
        case list():
            for item in value:
                yield from expressions(item)
        case dict():
            for item in value.values():
                yield from expressions(item)


def check_expression(expression: str) -> None:
    """Parse an expression, and refuse features that the walker may treat differently from AWS."""
    Jsonata(expression)
    if unknown := set(_CALL.findall(expression)) - _FUNCTIONS:
        raise NotModelled(f"the walker knows no JSONata function {unknown}: {expression}")
    for path in _STATES_PATH.findall(expression):
        if not any(path == known or path.startswith(f"{known}.") for known in _STATES_PATHS):
            raise NotModelled(f"the walker knows no $states{path}: {expression}")


def evaluate(value: JsonValue, variables: Mapping[str, JsonValue]) -> JsonValue:
    """Replace every expression in `value` by its result.

    Raises:
    QueryFailed: an expression gives no value.
    """
    match value:
        case str():
            found = _EXPRESSION.match(value)
            return value if found is None else _evaluate(found[1].strip(), variables)
        case list():
            return [evaluate(item, variables) for item in value]
        case dict():
            return {key: evaluate(item, variables) for key, item in value.items()}
        case _:
            return value


@cache
def _parsed(expression: str) -> Jsonata:
    """Parse an expression once. Each evaluation binds its variables in a frame of its own."""
    return Jsonata(expression)


def _evaluate(expression: str, variables: Mapping[str, JsonValue]) -> JsonValue:
    parsed = _parsed(expression)
    frame = parsed.create_frame()
    for name, variable in variables.items():
        frame.bind(name, variable)
    result: JsonValue = parsed.evaluate(None, frame)
    if result is None:
        raise QueryFailed(f"{expression} gives nothing; known are {', '.join(sorted(variables))}")
    return result
