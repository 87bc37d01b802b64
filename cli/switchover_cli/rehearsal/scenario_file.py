"""Scenario files: read into the twin's `Scenario`, or every fault of the file at once, by line."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from switchover.domain.bounded_yaml import BoundedLoader
from switchover.domain.reasons import Reason
from switchover_cli.errors import Misused, Refused
from switchover_cli.exits import ExitCode
from switchover_local.engine import ACCOUNT_ID, REGION, TWIN_SERVICES
from switchover_local.twin.scenario import Fault, Scenario
from switchover_local.twin.wire.protocol import service_models

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pydantic_core import ErrorDetails

Place = tuple[str | int, ...]
_CODE = "scenario.invalid"
KINDS: dict[str, type[BaseModel]] = {
    kind.model_fields["kind"].default: kind for kind in get_args(get_args(Fault)[0])
}


class ScenarioRefused(Refused):
    """A scenario file has faults; nothing was loaded."""

    exit_code = ExitCode.USAGE


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file, YAML or JSON.

    Raises:
        Misused: it can't be opened, or isn't YAML.
        ScenarioRefused: with every fault, each with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.load(text, Loader=BoundedLoader) or {}  # noqa: S506  (a SafeLoader)
        tree = yaml.compose(text, Loader=BoundedLoader)
    except OSError as error:
        raise Misused(f"{path} can't be read: {error.strerror}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise Misused(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    page = _Page(path, tree)
    faults = page.repeated_keys()
    scenario: Scenario | None = None
    try:
        scenario = Scenario.model_validate(content)
    except ValidationError as error:
        faults += [page.explain(found) for found in error.errors(include_url=False)]
    else:
        faults += page.doubt(scenario)
    if faults or scenario is None:
        reasons = tuple(fault.reason for fault in sorted(faults, key=attrgetter("line")))
        raise ScenarioRefused(f"{path} is not a scenario that can be played.", reasons)
    return scenario


@dataclass(frozen=True, slots=True)
class _FileFault:
    line: int
    reason: Reason


class _Page:
    """A parsed file that still knows on which line each value stands."""

    def __init__(self, path: Path, tree: yaml.Node | None) -> None:
        self._path = path
        self._tree = tree

    def explain(self, fault: ErrorDetails) -> _FileFault:
        """What pydantic found, in words for the file's author."""
        place, said = fault["loc"], fault["msg"]
        match fault["type"]:
            case "extra_forbidden":
                remedy = _suggest(str(place[-1]), _names_at(place[:-1])) or (
                    f"Known here: {', '.join(_names_at(place[:-1]))}."
                )
                return self._fault(place, f"unknown key {place[-1]!r}.", remedy)
            case "missing":
                return self._fault(place, "is missing.", "Add it.")
            case "union_tag_not_found":
                return self._fault(
                    place, "doesn't say its kind.", f"Add `kind`: {', '.join(KINDS)}."
                )
            case "union_tag_invalid":
                given = str(fault["ctx"]["tag"])
                remedy = _suggest(given, KINDS) or f"Known: {', '.join(KINDS)}."
                return self._fault(place, f"{given!r} is no kind of fault.", remedy)
            case "literal_error":
                remedy = f"Write {fault['ctx']['expected']}."
                return self._fault(place, f"{fault['input']!r} is not accepted.", remedy)
            case _:
                told = said[:1].lower() + said[1:]
                return self._fault(place, f"{fault['input']!r} is not accepted: {told}.")

    def doubt(self, scenario: Scenario) -> list[_FileFault]:
        """What is well-formed, but would never happen on the local cloud."""
        doubts = []
        for number, fault in enumerate(scenario.faults):
            operation = getattr(fault, "operation", None)
            if operation is not None and operation not in _operations():
                place = ("faults", number, "operation")
                remedy = _suggest(operation, _operations()) or "Name it as AWS's API does."
                said = f"the twin serves no operation {operation!r}."
                doubts.append(self._fault(place, said, remedy))
        for name, value in (("region", REGION), ("account", ACCOUNT_ID)):
            if getattr(scenario, name) != value:
                said = f"the local cloud is {value}, not {getattr(scenario, name)}."
                doubts.append(self._fault((name,), said, "Take it out."))
        return doubts

    def repeated_keys(self) -> list[_FileFault]:
        """Keys that stand twice in one mapping: YAML would silently believe the last one."""
        faults: list[_FileFault] = []
        waiting: list[tuple[Place, yaml.Node]] = [((), self._tree)] if self._tree else []
        while waiting:
            place, node = waiting.pop()
            seen: set[str | int] = set()
            for step, _, value in _inside(node):
                if step in seen:
                    told = self._fault((*place, step), "stands twice.", "Keep one of them.")
                    faults.append(told)
                seen.add(step)
                waiting.append(((*place, step), value))
        return faults

    def _fault(self, place: Place, message: str, remedy: str = "Correct the value.") -> _FileFault:
        line, field = self._line(place), _dotted(place)
        where = f"{self._path}:{line}"
        subject = f"{where}: {field}" if field else where
        reason = Reason(code=_CODE, subject=subject, message=message, remedy=remedy)
        return _FileFault(line, reason)

    def _line(self, place: Place) -> int:
        """The line of a place, or of the nearest one around it that is in the file."""
        node, line = self._tree, 1
        for step in place:
            found = [(key, value) for name, key, value in _inside(node) if name == step]
            if found:
                key, node = found[-1]
                line = key.start_mark.line + 1
        return line


def _inside(node: yaml.Node | None) -> list[tuple[str | int, yaml.Node, yaml.Node]]:
    """What a node holds: (key or index, where that is written, value)."""
    if isinstance(node, yaml.MappingNode):
        return [(str(key.value), key, value) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [(number, value, value) for number, value in enumerate(node.value)]
    return []


def _dotted(place: Place) -> str:
    # pydantic puts a fault's kind into its place; the file has no such level.
    steps = [step for step in place if not (step in KINDS and place[0] == "faults")]
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".")


def _names_at(place: Place) -> list[str]:
    """The keys that may stand at a place of a scenario."""
    model: type[BaseModel] = Scenario
    for step in place:
        if step in KINDS:
            model = KINDS[str(step)]
        elif step in model.model_fields:
            model = _model_in(model.model_fields[str(step)].annotation) or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner: Sequence[Any] = get_args(annotation)
    return next((found for part in inner if (found := _model_in(part))), None)


def _suggest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


def _operations() -> frozenset[str]:
    models = service_models()
    return frozenset(name for service in TWIN_SERVICES for name in models[service].operation_names)
