"""The findings of checkov, Cloudsplaining and Policy Sentry, which are installed in .venv-audit.

Each finding names its check and its subject: `AWS::Type.LogicalId` or a policy's name. A finding about
names that aren't in AWS's list gives the names too, so that accepting one name doesn't accept others.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from cloudsplaining.scan.policy_document import PolicyDocument
from policy_sentry.querying.actions import get_action_data
from policy_sentry.querying.conditions import get_condition_keys_for_service
from tests.audit.judging import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What a policy must not open, whatever else it allows: Cloudsplaining's words.
_DANGERS = (
    "allows_privilege_escalation",
    "allows_data_exfiltration_actions",
    "credentials_exposure",
    "infrastructure_modification",
    "permissions_management_without_constraints",
    "service_wildcard",
    "contains_statement_using_not_action",
)


def find_in_template(path: Path) -> Iterator[Finding]:
    """checkov's findings about a template; it makes no network request."""
    command = [sys.executable, "-m", "checkov.main", "--file", str(path), "--output", "json"]
    command += ["--framework", "cloudformation", "--skip-download", "--soft-fail", "--quiet"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - made above
    report = json.loads(run.stdout)
    if report["summary"]["parsing_errors"] or not report["summary"]["resource_count"]:
        raise ValueError(f"checkov could not read {path}: {report['summary']}")
    for failed in report["results"]["failed_checks"]:
        yield Finding(failed["check_id"], failed["resource"], failed["check_name"])


def find_in_policies(template: Path, documents: Path) -> Iterator[Finding]:
    """The faults of a template's roles and written policies: what is wrong or too broad."""
    resources = json.loads(template.read_text(encoding="utf-8"))["Resources"]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"].get("Policies", ()):
                yield from find_in_policy(f"AWS::IAM::Role.{name}", policy["PolicyDocument"])
    for path in sorted(documents.glob("*.json")):
        yield from find_in_policy(path.name, json.loads(path.read_text(encoding="utf-8")))


def find_in_policy(subject: str, policy: dict[str, Any]) -> Iterator[Finding]:
    """The faults of one policy: what is wrong or too broad."""
    document = _written_out(policy)
    for statement in document["Statement"]:
        for action in _listed(statement["Action"]):
            yield from _find_in_action(subject, action, statement)
    # A bucket's policy has principals; Cloudsplaining reads only policies of identities.
    if not any("Principal" in statement for statement in document["Statement"]):
        judged = PolicyDocument(document)
        for danger in _DANGERS:
            if found := getattr(judged, danger):
                yield Finding(danger, subject, str(found))


def _find_in_action(subject: str, action: str, statement: dict[str, Any]) -> Iterator[Finding]:
    service, _, name = action.partition(":")
    if "*" in action or "?" in action:
        yield Finding("wildcard-action", subject, action)
        return
    if not get_action_data(service, name):
        yield Finding("unknown-action", f"{subject} {action}", "AWS's list doesn't hold it")
        return
    known = {key.lower() for key in get_condition_keys_for_service(service)}
    for test in statement.get("Condition", {}).values():
        for key in test:
            if key.lower() not in known and not key.lower().startswith("aws:"):
                yield Finding("unknown-condition-key", f"{subject} {key}", f"for {action}")


def _written_out(part: Any) -> Any:
    """A policy with plain text instead of intrinsics; their values have no wildcards."""
    match part:
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]}:
            return text
        case {"Fn::GetAtt": [str(name), *_]} | {"Ref": str(name)}:
            return f"arn:aws:service:::{name}"
        case dict():
            return {key: _written_out(value) for key, value in part.items()}
        case list():
            return [_written_out(each) for each in part]
    return part


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
