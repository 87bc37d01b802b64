"""The policies of docs/iam grant only existing actions, each on no more than its own resources."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.support.aws_actions import resource_types
from tests.support.called_actions import actions_from
from tests.support.template_parts import ROOT

from switchover_cli.loading import each_function

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


_SIGNED = {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}  # by HTTP, not by boto3
# What a role has beside what its commands ask of AWS, and why.
_BESIDE: dict[str, set[str]] = {
    "uploader": _SIGNED | {"s3:AbortMultipartUpload"},  # `aws s3 cp` drops what it can't end
    # Leftovers are listed by an operation whose name is a variable.
    "operator": _SIGNED | {"sagemaker:ListEndpointConfigs", "sagemaker:ListModels"},
    "planner": set(),
    "approver": _SIGNED,
    # Golden requests and calendars are written, read and taken away with the plain aws CLI.
    "owner": {"s3:DeleteObject", "s3:ListBucketVersions"},
}
# AWS asks nobody for a permission of this one.
_FREE = {"sts:GetCallerIdentity"}
# Without these, `watch` counts only whole files while S3 copies a release.
_PARTS = {"s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts"}
# What commands can do without: docs/iam/README.md says who does it then, or what is missing.
_WITHOUT = {
    # `watch` doesn't wait for a release that no update picked up yet; `history` and `status` take an
    # endpoint.
    "approver": _PARTS | {"s3:ListBucket", "s3:GetObject", "s3:GetObjectVersion"},
    "auditor": _PARTS,
    "operator": _PARTS
    | {
        "dynamodb:UpdateItem",
        "iam:GetRole",
        "iam:SimulatePrincipalPolicy",
        "sns:GetTopicAttributes",
    },
    "planner": _PARTS | {"iam:GetRole", "iam:SimulatePrincipalPolicy", "sns:GetTopicAttributes"},
}
# S3 User Guide, GetObject: without it a missing key is a 403, and "missing" would read "denied".
_COMPANIONS = {"s3:GetObject": "s3:ListBucket"}


def _commands() -> dict[str, str]:
    """What people type, and the function behind it."""
    return {
        name: f"{function.__module__}.{function.__name__}" for name, function in each_function()
    }


def _told() -> dict[str, list[str]]:
    """The commands that the table of roles names, by role."""
    text = (_FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\w+)\]\(\w+\.json\) \| (.*?) \|", text, re.MULTILINE)
    return {role: re.findall(r"`([^`]+)`", commands) for role, commands in rows}


def _granted(role: str) -> set[str]:
    document = json.loads((_FOLDER / f"{role}.json").read_text(encoding="utf-8"))
    return {action for entry in document["Statement"] for action in _listed(entry["Action"])}


def _asked(role: str) -> set[str]:
    called = {action for name in _told()[role] for action in actions_from(_commands()[name])}
    return called | {_COMPANIONS[action] for action in called & _COMPANIONS.keys()}


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


@pytest.mark.parametrize("role", _BESIDE)
def test_a_role_may_do_exactly_what_its_commands_ask_of_aws(role: str) -> None:
    needed = _asked(role) - _FREE - _WITHOUT.get(role, set())

    assert _granted(role) == needed | _BESIDE[role]


def test_an_auditor_may_run_its_commands() -> None:
    assert _asked("auditor") - _FREE - _WITHOUT["auditor"] - _granted("auditor") == set()


def test_every_role_of_the_folder_has_its_row() -> None:
    of_buckets = {"team-bucket-policy.json", "existing-bucket-policy.json"}

    assert {f"{role}.json" for role in _told()} | of_buckets == {path.name for path in _PATHS}


@pytest.mark.parametrize("role", ["operator", "uploader", "approver"])
def test_wishes_are_all_that_a_person_writes_into_the_ledger(role: str) -> None:
    document = json.loads((_FOLDER / f"{role}.json").read_text(encoding="utf-8"))
    writing = [
        entry["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for entry in document["Statement"]
        if re.search(r"dynamodb:(Put|Update|Delete)", " ".join(_listed(entry["Action"])))
    ]

    assert writing == [["wish#${Endpoint}"]] * len(writing)
    assert "dynamodb:UpdateItem" not in _granted(role)


def test_events_that_people_send_ask_for_a_look_and_tell_no_outcome() -> None:
    conditions = [
        param.values[0]["Condition"]
        for param in _STATEMENTS
        if "events:PutEvents" in _listed(param.values[0]["Action"])
    ]

    assert conditions == [
        {"StringEquals": {"events:source": "switchover", "events:detail-type": "Abort Requested"}}
    ]


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_no_family_of_actions_is_named(statement: dict[str, Any]) -> None:
    assert [action for action in _listed(statement["Action"]) if "*" in action] == []


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_all_resources_are_granted_only_where_aws_knows_none(statement: dict[str, Any]) -> None:
    actions = set(_listed(statement["Action"]))
    narrowable = {action for action in actions if resource_types(action)} - _WIDE

    assert narrowable in (set(), actions)
    assert ("*" in _listed(statement["Resource"])) == (not narrowable)


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


def test_an_auditor_may_do_all_that_doctor_asks_of_aws() -> None:
    needed = actions_from("switchover_cli.commands.doctor.doctor")

    assert needed <= _granted("auditor")
    assert all(re.search(r":(Describe|Get|List|Query)", action) for action in needed)
