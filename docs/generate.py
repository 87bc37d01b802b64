"""Write what the docs take from the code: JSON Schemas, the annotated policy, the machine's picture.

`python docs/generate.py` writes; `python docs/generate.py --check` fails if anything is out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from command_line import command_line_page
from licences import third_party_page
from timeouts import tabulate_sums, tabulate_timeouts

from switchover.domain.golden.requests import GoldenRequest
from switchover.domain.policies.policy import Policy
from switchover.domain.policies.trust import OWNER, RULES
from switchover.domain.release import Release
from switchover.domain.update.request import Request
from switchover_cli.policies.template import write_all_settings
from switchover_local.twin.scenario import Scenario
from switchover_local.verdicts import write_page

if TYPE_CHECKING:
    from pydantic import BaseModel

DOCS = Path(__file__).parent
TIMEOUTS = DOCS / "timeouts.md"
CONFIGURATION = DOCS / "configuration.md"
MACHINE = DOCS.parent / "statemachine" / "update.asl.yaml"
GUARD = DOCS.parent / "statemachine" / "guard.asl.yaml"
SCHEMAS: dict[str, type[BaseModel]] = {
    "release": Release,
    "policy": Policy,
    "start": Request,
    "golden-request": GoldenRequest,
    "scenario": Scenario,
}
_SHAPES = {"Task": "[{name}]", "Succeed": "([{name}])", "Fail": "([{name}])"}
_POLICY_BEGINS = "<!-- policy: written by `make docs` -->"
_POLICY_ENDS = "<!-- policy ends -->"
_TRUST_BEGINS = "<!-- trust: written by `make docs` -->"
_TRUST_ENDS = "<!-- trust ends -->"
_SUMS_BEGIN = "<!-- sums: written by `make docs` -->"
_SUMS_END = "<!-- sums end -->"
_STATES_BEGIN = "<!-- states: written by `make docs` -->"
_STATES_END = "<!-- states end -->"


def main() -> int:
    """Write or check every generated file; the exit code says whether all were current."""
    stale = [path for path, text in generated().items() if not _is_current(path, text)]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path} is out of date: run `make docs`", file=sys.stderr)
        return bool(stale)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(generated()[path])
        print(f"wrote {path}")
    return 0


def generated() -> dict[Path, str]:
    """Every generated file with the text that it should hold."""
    schemas = {
        DOCS / "schemas" / f"{name}.schema.json": _schema(model) for name, model in SCHEMAS.items()
    }
    trust = _refill(CONFIGURATION.read_text(), _TRUST_BEGINS, tabulate_trust(), _TRUST_ENDS)
    sums = _refill(TIMEOUTS.read_text(), _SUMS_BEGIN, tabulate_sums(), _SUMS_END)
    states = tabulate_timeouts(
        yaml.safe_load(MACHINE.read_text()), yaml.safe_load(GUARD.read_text())
    )
    policy = f"```yaml\n{write_all_settings()}\n```"
    return {
        **schemas,
        DOCS / "machine.md": _machine_page(),
        DOCS / "command-line.md": command_line_page(),
        DOCS / "models.md": write_page(),
        CONFIGURATION: _refill(trust, _POLICY_BEGINS, policy, _POLICY_ENDS),
        TIMEOUTS: _refill(sums, _STATES_BEGIN, states, _STATES_END),
        DOCS.parent / "THIRD_PARTY.md": third_party_page(),
    }


def tabulate_trust() -> str:
    """What a release may do with which keys, but for those that are the owner's alone."""
    keys: dict[str, list[str]] = {}
    for key, rule in RULES.items():
        if rule is not OWNER:
            keys.setdefault(rule.says, []).append(f"`{key}`")
    rows = "\n".join(f"| {says} | {', '.join(named)} |" for says, named in keys.items())
    return f"| a release may | keys |\n|---|---|\n{rows}"


def draw(machine: dict[str, Any]) -> str:
    """The machine as a Mermaid flow chart: what it does and by which verdict it goes on.

    Choices are drawn as the arrows that they are. Errors are left out: before StartUpdate each leads to
    RestoreCapacity, from there on to RollBack.
    """
    states = machine["States"]
    lines = ["flowchart TD"]
    for name, state in states.items():
        shape = _SHAPES.get(state["Type"])
        if shape is not None:
            lines.append(f"    {name}{shape.format(name=name)}")
    for name, state in states.items():
        if "Next" in state:
            lines += [
                f"    {name} -->{label} {target}" for label, target in _ways(states, state["Next"])
            ]
    return "\n".join(lines)


def _ways(states: dict[str, Any], following: str) -> list[tuple[str, str]]:
    """Where a state leads, looking through a Choice: (arrow label, target)."""
    state = states[following]
    if state["Type"] != "Choice":
        return [("", following)]
    ruled = [(rule["Condition"].split("'")[1], rule["Next"]) for rule in state["Choices"]]
    return [
        (f"|{verdict.replace('_', ' ')}|", target)
        for verdict, target in (*ruled, ("else", state["Default"]))
    ]


def _machine_page() -> str:
    return (
        "# The machine\n\n"
        "Drawn from `statemachine/update.asl.yaml` by `make docs`.\n\n"
        f"{_show(MACHINE)}\n\n"
        "Errors are not drawn: before StartUpdate they lead to RestoreCapacity, then to RollBack.\n\n"
        f"{_list_states(MACHINE)}\n\n"
        "## The guard of a bake\n\n"
        "Drawn from `statemachine/guard.asl.yaml`. ObserveUpdate and WakeUpdate start an execution for\n"
        "each bake, while the update's own execution waits in AwaitOutcome.\n\n"
        f"{_show(GUARD)}\n\n"
        f"{_list_states(GUARD)}\n"
    )


def _show(path: Path) -> str:
    machine = yaml.safe_load(path.read_text())
    return f"{' '.join(machine['Comment'].split())}\n\n```mermaid\n{draw(machine)}\n```"


def _list_states(path: Path) -> str:
    rows = "\n".join(
        f"| {name} | {' '.join(state['Comment'].split())} |"
        for name, state in yaml.safe_load(path.read_text())["States"].items()
    )
    return f"| state | why it is there |\n|---|---|\n{rows}"


def _refill(text: str, begins: str, block: str, ends: str) -> str:
    """A page whose block between two marks is written anew."""
    before, _, rest = text.partition(begins)
    _, _, after = rest.partition(ends)
    return f"{before}{begins}\n{block}\n{ends}{after}"


def _schema(model: type[BaseModel]) -> str:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps({**schema, **model.model_json_schema(by_alias=True)}, indent=2) + "\n"


def _is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
