"""The bucket policy that protects checked models, and whether a bucket's policy has its effect."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The conditions that may narrow a denial without opening it: they are template.yaml's own.
_HARMLESS = {
    "s3:PutObject": {"s3:if-none-match", "s3:objectcreationoperation", "aws:principalarn"},
    "s3:DeleteObject": {"aws:principalarn"},
    "s3:DeleteObjectVersion": {"aws:principalarn"},
}


def protecting_statements(partition: str, bucket: str) -> tuple[dict[str, Any], ...]:
    """The two statements of `docs/iam/existing-bucket-policy.json` that protect models."""
    models = f"arn:{partition}:s3:::{bucket}/models/*"
    return (
        {
            "Sid": "DenyOverwritingModels",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "Resource": models,
            "Condition": {
                "Null": {"s3:if-none-match": True},
                "Bool": {"s3:ObjectCreationOperation": True},
            },
        },
        {
            "Sid": "DenyDeletingModels",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            "Resource": models,
        },
    )


def find_unprotected(policy: Mapping[str, Any], bucket: str) -> tuple[str, ...]:
    """The actions on models that no statement of a bucket policy denies to everybody."""
    denials = tuple(_denials(policy))
    return tuple(
        action
        for action, harmless in _HARMLESS.items()
        if not any(_denies(each, action, bucket, harmless) for each in denials)
    )


def with_protection(policy: Mapping[str, Any], partition: str, bucket: str) -> Mapping[str, Any]:
    """The policy with the protecting statements; every other statement stays as it is."""
    added = protecting_statements(partition, bucket)
    names = {statement["Sid"] for statement in added}
    kept = [each for each in _statements(policy) if each.get("Sid") not in names]
    return {"Version": "2012-10-17", **policy, "Statement": [*kept, *added]}


def _denials(policy: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for statement in _statements(policy):
        if statement.get("Effect") == "Deny" and statement.get("Principal") in ("*", {"AWS": "*"}):
            yield statement


def _denies(statement: Mapping[str, Any], action: str, bucket: str, harmless: set[str]) -> bool:
    tests = statement.get("Condition", {}).values()
    keys = {key.lower() for test in tests for key in test}
    model = f"{bucket}/models/any"
    return (
        any(fnmatchcase(action.lower(), one.lower()) for one in _listed(statement.get("Action")))
        and any(
            fnmatchcase(model, one.rpartition(":::")[2])
            for one in _listed(statement.get("Resource"))
        )
        and keys <= harmless
    )


def _statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = policy.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def _listed(value: Any) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if each]
