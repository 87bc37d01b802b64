"""template.yaml and the state machine as tests look at them: typed, with ARNs in short form."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.audit.translated import read, translate

ROOT = Path(__file__).parents[2]
TEMPLATE_PATH = ROOT / "template.yaml"
UPDATES, GUARDS = "UpdateStateMachine", "GuardStateMachine"
MACHINE_PATHS = {
    UPDATES: ROOT / "statemachine/update.asl.yaml",
    GUARDS: ROOT / "statemachine/guard.asl.yaml",
}

_OWN_ARN = re.compile(
    r"^arn:\$\{AWS::Partition\}:(?:"
    r"([\w-]+):(?:\$\{AWS::Region\})?:\$\{AWS::AccountId\}:"
    # A bucket's ARN names neither region nor account.
    r"|(s3):::)"
)
_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a policy allows. A resource of ours is its logical id; another, `service:rest of its ARN`."""

    actions: frozenset[str]
    resources: frozenset[str]
    conditions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Function:
    """One AWS::Serverless::Function."""

    name: str
    handler: str
    timeout_seconds: int
    log_group: str
    environment: frozenset[str]
    statements: tuple[Statement, ...]
    dead_letters: str | None
    events: dict[str, dict[str, Any]] = field(hash=False)

    @property
    def state(self) -> str:
        """The state that it is named after."""
        return self.name.removesuffix("Function")

    @property
    def actions(self) -> frozenset[str]:
        """Everything that its own policy lets it do."""
        return frozenset(action for statement in self.statements for action in statement.actions)


@dataclass(frozen=True, slots=True)
class Task:
    """One Task state, and the function it calls by substitution; `purpose` is what it waits for."""

    name: str
    function: str
    purpose: str | None
    timeout_seconds: int | None


@cache
def template() -> dict[str, Any]:
    """The template, its short intrinsics written out."""
    return read()


@cache
def translated() -> dict[str, dict[str, Any]]:
    """Every resource that SAM makes of the template, by logical id."""
    return translate(template())


def roles() -> tuple[dict[str, Any], ...]:
    """The properties of every role that SAM makes of the template."""
    return tuple(
        entry["Properties"]
        for name, entry in translated().items()
        if entry["Type"] == "AWS::IAM::Role" and name not in template()["Resources"]
    )


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


@cache
def functions() -> tuple[Function, ...]:
    """Every function, in the template's order."""
    shared = template()["Globals"]["Function"]
    common = frozenset(shared["Environment"]["Variables"])
    return tuple(
        Function(
            name=name,
            handler=properties["Handler"],
            timeout_seconds=properties.get("Timeout", shared["Timeout"]),
            log_group={**shared["LoggingConfig"], **properties.get("LoggingConfig", {})}[
                "LogGroup"
            ]["Ref"],
            environment=common | frozenset(properties.get("Environment", {}).get("Variables", {})),
            statements=statements_of(properties),
            dead_letters=_short(properties.get("DeadLetterQueue", {}).get("TargetArn")),
            events={
                event: entry["Properties"] for event, entry in properties.get("Events", {}).items()
            },
        )
        for name, properties in resources("AWS::Serverless::Function").items()
    )


def statements_of(properties: dict[str, Any]) -> tuple[Statement, ...]:
    """What the policies written into a resource allow."""
    return tuple(
        Statement(
            actions=frozenset(_listed(statement["Action"])),
            resources=frozenset(_short(entry) or "" for entry in _listed(statement["Resource"])),
            conditions=frozenset(
                key for test in statement.get("Condition", {}).values() for key in test
            ),
        )
        for policy in properties.get("Policies", ())
        # A role written out names its policies; SAM's properties are the documents themselves.
        for statement in map(granted, policy.get("PolicyDocument", policy)["Statement"])
        if statement["Effect"] == "Allow"
    )


@cache
def tasks(machine: str = UPDATES) -> tuple[Task, ...]:
    """Every Task of a state machine."""
    states: dict[str, dict[str, Any]] = yaml.safe_load(machine_text(machine))["States"]
    return tuple(
        Task(
            name=name,
            function=_called(state),
            purpose=state["Arguments"].get("Payload", {}).get("purpose"),
            timeout_seconds=state["TimeoutSeconds"]
            if isinstance(state["TimeoutSeconds"], int)
            else None,
        )
        for name, state in states.items()
        if state["Type"] == "Task"
    )


def machine_text(machine: str) -> str:
    """A definition as it is written, substitutions and all."""
    return MACHINE_PATHS[machine].read_text(encoding="utf-8")


def machine_substitutions(machine: str) -> frozenset[str]:
    """The names that a definition wants filled in."""
    return frozenset(_SUBSTITUTION.findall(machine_text(machine)))


def _called(state: dict[str, Any]) -> str:
    arn: str = state["Arguments"].get("FunctionName", state["Resource"])
    names: list[str] = _SUBSTITUTION.findall(arn)
    return names[0].removesuffix("Arn")


def granted(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement that depends on a parameter counts as given."""
    given: dict[str, Any] = statement["Fn::If"][1] if "Fn::If" in statement else statement
    return given


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _short(resource: Any) -> str | None:
    match resource:
        case None | str():
            return resource
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), "Arn"]} | {"Fn::GetAtt": str(name)}:
            return name.removesuffix(".Arn")
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{(\w+)\.Arn\}", r"\1", _OWN_ARN.sub(r"\1\2:", text))
        # The model bucket, whether the stack makes it or its owner names it.
        case {"Fn::Sub": [str(text), {"Bucket": {"Fn::If": ["MakesModelBucket", _, _]}}]}:
            return text.replace("arn:${AWS::Partition}:s3:::${Bucket}", "ModelBucket")
    raise ValueError(f"an ARN in a form that tests don't know: {resource!r}")
