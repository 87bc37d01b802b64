"""The template with certain parameters: conditions are decided, absent parts are left out."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support.template_parts import template

_GONE = object()
_NAMED = re.compile(r"\$\{(\w+)\}")


def form(**given: str) -> dict[str, Any]:
    """Globals, resources and outputs with these parameters; references to resources stay as they are."""
    parameters = {
        name: given.get(name, entry.get("Default", f"<{name}>"))
        for name, entry in template()["Parameters"].items()
    }
    resolver = _Resolver(parameters)
    whole = {part: template()[part] for part in ("Globals", "Resources", "Outputs")}
    resolved: dict[str, Any] = resolver.resolve(whole)
    return resolved


class _Resolver:
    """Decides conditions and replaces parameters by their values."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self._parameters = parameters

    def resolve(self, part: Any) -> Any:
        match part:
            case {"Fn::If": [str(name), then, otherwise]}:
                return self.resolve(then if self._holds({"Condition": name}) else otherwise)
            case {"Ref": "AWS::NoValue"}:
                return _GONE
            case {"Ref": str(name)} if name in self._parameters:
                return self._parameters[name]
            case {"Fn::Sub": [str(text), dict(own)]}:
                return self._fill(text, {key: self.resolve(value) for key, value in own.items()})
            case {"Fn::Sub": str(text)}:
                return self._fill(text, {})
            case {"Condition": str(name), "Type": str()} if not self._holds({"Condition": name}):
                return _GONE
            case {"Condition": str(), "Type": str()}:
                return self.resolve({k: v for k, v in part.items() if k != "Condition"})
            case dict():
                kept = {key: self.resolve(value) for key, value in part.items()}
                return {key: value for key, value in kept.items() if value is not _GONE}
            case list():
                return [v for v in map(self.resolve, part) if v is not _GONE]
        return part

    def _fill(self, text: str, own: dict[str, Any]) -> str:
        """A text with its values; a resource is written as CloudFormation's short form has it."""

        def fill(found: re.Match[str]) -> str:
            value = own.get(found[1], self._parameters.get(found[1], found[0]))
            if isinstance(value, dict):
                return f"${{{value['Ref']}}}" if "Ref" in value else json.dumps(value)
            return str(value)

        filled = _NAMED.sub(fill, text)
        # A bucket's ARN, by its attribute or written out (S3 User Guide, "Amazon S3 resources").
        return filled.replace("${ModelBucket.Arn}", "arn:${AWS::Partition}:s3:::${ModelBucket}")

    def _holds(self, condition: Any) -> bool:
        match condition:
            case {"Condition": str(name)}:
                return self._holds(template()["Conditions"][name])
            case {"Fn::And": list(all_of)}:
                return all(map(self._holds, all_of))
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::Equals": [left, right]}:
                return bool(self.resolve(left) == self.resolve(right))
        raise ValueError(f"a condition in a form that tests don't know: {condition!r}")
