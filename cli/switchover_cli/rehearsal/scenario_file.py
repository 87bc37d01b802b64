"""Reads scenario files into the twin's `Scenario`, or reports every fault of the file with its line."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from switchover.domain.policies.yaml_lines import read_yaml
from switchover.domain.reasons import Reason, nearest_origin, reasons_from
from switchover_cli.errors import Misused, Refused
from switchover_cli.exits import ExitCode
from switchover_local.engine import ACCOUNT_ID, REGION, TWIN_SERVICES
from switchover_local.twin.scenario import Scenario
from switchover_local.twin.wire.protocol import service_models

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from switchover.domain.policies.yaml_lines import LinedYaml

_CODE = "scenario.invalid"


class ScenarioRefused(Refused):
    """A scenario file has faults; nothing was loaded."""

    exit_code = ExitCode.USAGE


def read_scenario(path: Path) -> Scenario:
    """Read a scenario file, YAML or JSON.

    Raises:
        Misused: the file can't be opened, or isn't YAML.
        ScenarioRefused: the file has faults; each is reported with its line.
    """
    try:
        read = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misused(f"{path} can't be read: {error.strerror}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise Misused(f"{path} is not YAML: {' '.join(str(error).split())}.") from error
    places = {field: f"{path}:{line}" for field, line in read.lines.items()}
    faults = [*_tell_repeats(read, path), *_find_faults(read, path, places)]
    if faults:
        faults.sort(key=lambda fault: _line_of(fault, path))
        raise ScenarioRefused(f"{path} is not a scenario that can be played.", tuple(faults))
    return Scenario.model_validate(read.content or {})


def _tell_repeats(read: LinedYaml, path: Path) -> Iterator[Reason]:
    for repeat in read.repeats:
        yield Reason(
            code=_CODE,
            subject=f"{path}:{repeat.line}: {repeat.key}",
            message=f"is also in line {repeat.first_line}.",
            remedy="Keep one of them.",
        )


def _find_faults(read: LinedYaml, path: Path, places: Mapping[str, str]) -> tuple[Reason, ...]:
    first_line = f"{path}:1"
    try:
        scenario = Scenario.model_validate(read.content or {})
    except ValidationError as error:
        return reasons_from(error, code=_CODE, subjects=places, source=first_line, model=Scenario)
    return tuple(
        fault.model_copy(
            update={
                "subject": f"{nearest_origin(fault.subject, places, first_line)}: {fault.subject}"
            }
        )
        for fault in _doubt(scenario)
    )


def _doubt(scenario: Scenario) -> Iterator[Reason]:
    """Faults of well-formed values that could never happen on the local cloud; subjects are fields."""
    for number, fault in enumerate(scenario.faults):
        operation = getattr(fault, "operation", None)
        if operation is not None and operation not in (known := _operations()):
            near = difflib.get_close_matches(operation, known, n=1)
            yield Reason(
                code=_CODE,
                subject=f"faults[{number}].operation",
                message=f"the twin serves no operation {operation!r}.",
                remedy=f"Did you mean {near[0]!r}?" if near else "Name it as AWS's API does.",
            )
    for name, value in (("region", REGION), ("account", ACCOUNT_ID)):
        given = getattr(scenario, name)
        if given != value:
            message = f"the local cloud is {value}, not {given}."
            yield Reason(code=_CODE, subject=name, message=message, remedy="Take it out.")


def _line_of(fault: Reason, path: Path) -> int:
    return int(fault.subject.removeprefix(f"{path}:").partition(":")[0])


def _operations() -> frozenset[str]:
    models = service_models()
    return frozenset(name for service in TWIN_SERVICES for name in models[service].operation_names)
