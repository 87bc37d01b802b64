"""The policies of docs/iam grant actions that exist, each on what it is about and no further."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.unit.aws_actions import resource_types
from tests.unit.template_parts import ROOT

_FOLDER = ROOT / "docs" / "iam"
_PATHS = sorted(_FOLDER.glob("*.json"))
_NAMES = {"Partition", "Region", "Account", "Stack", "Bucket", "Table", "Endpoint"}
_BUCKETS_OWN = {"Uploaders", "Owners"}
# What AWS lets be narrowed, but which then doesn't tell all (see test_permissions.py).
_WIDE = {
    "cloudwatch:DescribeAlarms",
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:GetMetricData",
}
# AWS lists no resource for it, and takes the machine all the same (see test_permissions.py).
_NARROW = {"states:SendTaskSuccess"}
_STATEMENTS = [
    pytest.param(statement, id=f"{path.stem}-{statement['Sid']}")
    for path in _PATHS
    for statement in json.loads(path.read_text(encoding="utf-8"))["Statement"]
]
_LEDGER = [
    param
    for param in _STATEMENTS
    if "dynamodb:" in json.dumps(param.values[0]) and "auditor" not in str(param.id)
]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("path", _PATHS, ids=lambda path: path.stem)
def test_only_documented_names_are_to_be_filled_in(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"\$\{(\w+)\}", text))

    assert named <= _NAMES | (_BUCKETS_OWN if "bucket" in path.stem else set())
    assert "$" not in re.sub(r"\$\{\w+\}", "", text)


@pytest.mark.parametrize("path", _PATHS, ids=lambda path: path.stem)
def test_every_document_is_told_of(path: Any) -> None:
    assert f"]({path.name})" in (_FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_no_family_of_actions_is_named(statement: dict[str, Any]) -> None:
    assert [action for action in _listed(statement["Action"]) if "*" in action] == []


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_all_resources_are_granted_only_where_aws_knows_none(statement: dict[str, Any]) -> None:
    actions = set(_listed(statement["Action"]))
    narrowable = {action for action in actions if resource_types(action)} - _WIDE

    assert narrowable | (actions & _NARROW) in (set(), actions)
    assert ("*" in _listed(statement["Resource"])) == (not narrowable | (actions & _NARROW))


@pytest.mark.parametrize("statement", _LEDGER)
def test_a_role_reaches_only_its_own_partitions_of_the_ledger(statement: dict[str, Any]) -> None:
    keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]

    assert _LEDGER
    assert ["${Endpoint}" in key for key in keys] == [True] * len(keys)


@pytest.mark.parametrize("role", ["approver", "auditor"])
def test_who_only_looks_or_decides_writes_nothing_past_a_function(role: str) -> None:
    statements = json.loads((_FOLDER / f"{role}.json").read_text(encoding="utf-8"))["Statement"]
    writing = re.compile(r":(Put|Update|Delete|Create|Start|Stop|Send|Publish|Add|Set)")

    assert [s["Sid"] for s in statements if writing.search(" ".join(_listed(s["Action"])))] == []


def test_functions_are_called_by_their_signed_url_alone() -> None:
    called = [
        (action, statement["Condition"])
        for param in _STATEMENTS
        for statement in [param.values[0]]
        for action in _listed(statement["Action"])
        if action.startswith("lambda:")
    ]
    by_url = {
        "lambda:InvokeFunctionUrl": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }

    assert called
    assert called == [(action, by_url[action]) for action, _ in called]
