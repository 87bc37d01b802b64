"""Reads template.yaml as far as the stories need it: functions, rules, substitutions, names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
ACCOUNT = "000000000000"
_NO_VALUE = object()
_PSEUDO: dict[str, Any] = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": "switchover",
    "AWS::NoValue": _NO_VALUE,
}
_NAMED = re.compile(r"\$\{([\w:.]+)\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """Events that match `pattern` are given to the function."""

    pattern: Mapping[str, Any]
    function: str


class Template:
    """The template with every parameter at its default, and each resource under a made-up name."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._globals: Mapping[str, Any] = document.get("Globals", {}).get("Function", {})
        self._parameters: Mapping[str, Any] = document.get("Parameters", {})
        self._conditions: Mapping[str, Any] = document.get("Conditions", {})
        self.resources: Mapping[str, Any] = document["Resources"]
        # Each event and each call of a function reads these, hundreds of times per story.
        self._timeouts: dict[str, int] = {}
        self._environments: dict[str, dict[str, str]] = {}

    def named(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """The properties of every resource of a type, by logical name."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def with_parameter(self, name: str, value: str) -> Template:
        """The same template, deployed with another value of one parameter."""
        parameter = {**self._parameters[name], "Default": value}
        return Template({**self._document, "Parameters": {**self._parameters, name: parameter}})

    @cached_property
    def functions(self) -> dict[str, str]:
        """Each function's module, by logical name."""
        return {
            name: str(properties["Handler"]).removesuffix(".handler")
            for name, properties in self.named("AWS::Serverless::Function").items()
        }

    def function_of(self, arn: str) -> str:
        """The logical name of the function that was given a name, by the ARN with that name."""
        names = {
            str(self.resolve(properties["FunctionName"])): name
            for name, properties in self.named("AWS::Serverless::Function").items()
            if "FunctionName" in properties
        }
        return names[arn.rpartition(":")[2]]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every EventBridge rule, with the function that it feeds."""
        return tuple(
            Rule(self.resolve(event["Properties"]["Pattern"]), name)
            for name, properties in self.named("AWS::Serverless::Function").items()
            for event in properties.get("Events", {}).values()
            if event["Type"] == "EventBridgeRule"
        )

    @cached_property
    def rounds(self) -> dict[str, int]:
        """Every so many seconds a function is called by the clock, by its logical name."""
        return {
            name: 60
            * int(event["Properties"]["Schedule"].removeprefix("rate(").split(" minutes)")[0])
            for name, properties in self.named("AWS::Serverless::Function").items()
            for event in properties.get("Events", {}).values()
            if event["Type"] == "Schedule"
        }

    @cached_property
    def substitutions(self) -> dict[str, str]:
        """What stands for each `${Name}` in the definition files."""
        return {
            name: str(self.resolve(value))
            for properties in self.named("AWS::Serverless::StateMachine").values()
            for name, value in properties["DefinitionSubstitutions"].items()
        }

    def timeout_seconds(self, function: str) -> int:
        """How long a function may run before Lambda ends it."""
        if function not in self._timeouts:
            properties = self.named("AWS::Serverless::Function")[function]
            self._timeouts[function] = int(properties.get("Timeout", self._globals["Timeout"]))
        return self._timeouts[function]

    def environment(self, function: str) -> dict[str, str]:
        """The variables that a function finds."""
        if function not in self._environments:
            self._environments[function] = self._read_environment(function)
        return dict(self._environments[function])

    def _read_environment(self, function: str) -> dict[str, str]:
        properties = self.named("AWS::Serverless::Function")[function]
        common = self._globals.get("Environment", {}).get("Variables", {})
        own = properties.get("Environment", {}).get("Variables", {})
        return {name: str(self.resolve(value)) for name, value in {**common, **own}.items()}

    def resolve(self, value: Any) -> Any:
        """Replace every intrinsic function by what it would give."""
        match value:
            case {"Ref": str(name)}:
                return self._ref(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self._attribute(name, attribute)
            case {"Fn::If": [str(condition), then, otherwise]}:
                return self.resolve(then if self._holds(self._conditions[condition]) else otherwise)
            case {"Fn::Sub": str(text)}:
                return _NAMED.sub(lambda found: self._named(found[1]), text)
            case dict():
                return {key: self.resolve(item) for key, item in value.items()}
            case list():
                resolved = [self.resolve(item) for item in value]
                return [item for item in resolved if item is not _NO_VALUE]
            case _:
                return value

    def _holds(self, condition: Any) -> bool:
        match condition:
            case {"Fn::Not": [negated]}:
                return not self._holds(negated)
            case {"Fn::Equals": [one, other]}:
                return bool(self.resolve(one) == self.resolve(other))
        raise LookupError(f"no way to tell whether {condition} holds")

    def _named(self, path: str) -> str:
        name, _, attribute = path.partition(".")
        return self._attribute(name, attribute) if attribute else str(self._ref(name))

    def _ref(self, name: str) -> Any:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._parameters:
            return self._parameters[name]["Default"]
        match self.resources[name]["Type"]:
            case "AWS::SNS::Topic":
                return f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"
            case "AWS::Serverless::StateMachine":
                given = self.resolve(self.resources[name]["Properties"]["Name"])
                return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{given}"
            case "AWS::Scheduler::ScheduleGroup":
                return self.resolve(self.resources[name]["Properties"]["Name"])
            case _:
                return f"switchover-{name.lower()}"

    def _attribute(self, name: str, attribute: str) -> str:
        match self.resources[name]["Type"], attribute:
            case "AWS::Serverless::Function", "Arn":
                return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
            case "AWS::IAM::Role", "Arn":
                return f"arn:aws:iam::{ACCOUNT}:role/{name}"
            case "AWS::SQS::Queue", "Arn":
                return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
            case "AWS::Serverless::StateMachine", ("Arn" | "Name"):
                return str(self._ref(name)) if attribute == "Arn" else name
            case kind, _:
                raise LookupError(f"no made-up {attribute} for {name}, a {kind}")


@cache
def read_template() -> Template:
    """The project's template."""
    return Template(yaml_parse((ROOT / "template.yaml").read_text("utf-8")))
