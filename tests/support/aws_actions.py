"""AWS's own list of actions, from cfn-lint: the resource types of each, and their ARNs."""

from __future__ import annotations

from functools import cache

from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource


def resource_types(action: str) -> list[str]:
    """The resource types to which an action can be limited; empty if there are none.

    Raises:
        KeyError: AWS has no such action.
    """
    prefix, _, name = action.partition(":")
    return _aws_knows(prefix)[0][name.lower()]


def arn_formats(action: str, types: list[str]) -> list[str]:
    """The ARN formats of these resource types."""
    known = _aws_knows(action.partition(":")[0])[1]
    return [arn for name in types for arn in known[name.lower()]]


# Newer than cfn-lint's list (Service Authorization Reference, Amazon SageMaker: on endpoints).
_NEWER = {"getendpointpolicy": ["endpoint"], "putendpointpolicy": ["endpoint"]}


@cache
def _aws_knows(prefix: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    known = load_resource(AdditionalSpecs, "Policies.json")[prefix]
    types = {name: entry.get("Resources", []) for name, entry in known["Actions"].items()}
    types |= _NEWER if prefix == "sagemaker" else {}
    arns = {name: entry["ARNFormats"] for name, entry in known["Resources"].items()}
    return types, arns
