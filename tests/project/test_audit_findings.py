"""The audit finds planted faults of a policy. Runs in .venv-audit, which `make check` makes."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from tests.support.template_parts import ROOT

_PYTHON = ROOT / ".venv-audit" / "bin" / "python"
_PROGRAM = """
import json, sys
from tests.audit.findings import find_in_policy
for policy in json.load(sys.stdin):
    print(json.dumps(sorted({finding.check for finding in find_in_policy("planted", policy)})))
"""
_TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/ledger"
_MISSPELT = {"StringEquals": {"dynamodb:LeadngKeys": "endpoint#chat"}}
_PLANTED: dict[str, tuple[list[str], str, dict[str, Any], str]] = {
    "a misspelt action": (["s3:GetObjekt"], "*", {}, "unknown-action"),
    "a misspelt key": (["dynamodb:GetItem"], _TABLE, _MISSPELT, "unknown-condition-key"),
    "everything": (["*"], "*", {}, "wildcard-action"),
    "a whole service": (["s3:*"], "*", {}, "service_wildcard"),
    "a family": (["dynamodb:Put*"], _TABLE, {}, "wildcard-action"),
    "any role to a function of one's own": (
        ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
        "*",
        {},
        "allows_privilege_escalation",
    ),
    "any object": (["s3:GetObject"], "*", {}, "allows_data_exfiltration_actions"),
    "any bucket's policy": (
        ["s3:PutBucketPolicy"],
        "*",
        {},
        "permissions_management_without_constraints",
    ),
    "any role's credentials": (["sts:AssumeRole"], "*", {}, "credentials_exposure"),
    "any model's deletion": (["sagemaker:DeleteModel"], "*", {}, "infrastructure_modification"),
}


@pytest.fixture(name="found", scope="module")
def audit_planted() -> dict[str, list[str]]:
    """The checks that object to each planted policy, and to a sound one."""
    if not _PYTHON.exists():
        pytest.skip("no .venv-audit here: `make audit` makes it")
    sound = (["dynamodb:GetItem"], _TABLE, {}, "")
    policies = [
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": actions, "Resource": on, "Condition": condition}
            ],
        }
        for actions, on, condition, _ in (*_PLANTED.values(), sound)
    ]
    run = subprocess.run(  # noqa: S603 - the program above
        [_PYTHON, "-c", _PROGRAM],
        input=json.dumps(policies),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return dict(zip((*_PLANTED, "sound"), lines, strict=True))


@pytest.mark.parametrize("planted", _PLANTED)
def test_a_policy_that_is_wrong_or_too_wide_is_found(
    found: dict[str, list[str]], planted: str
) -> None:
    assert _PLANTED[planted][3] in found[planted]


def test_a_sound_policy_is_left_alone(found: dict[str, list[str]]) -> None:
    assert found["sound"] == []
