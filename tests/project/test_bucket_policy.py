"""The model bucket protects checked models from overwriting and deletion."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.template_parts import resources, template

_NOTHING = {"Ref": "AWS::NoValue"}
_MODELS = {"Fn::Sub": "${ModelBucket.Arn}/models/*"}
_NOT_THE_KEEPER = {"aws:PrincipalArn": {"Ref": "ModelKeeperArn"}}


def statement(sid: str) -> dict[str, Any]:
    """A statement of the bucket's policy, and that it holds while models are protected."""
    policy = resources("AWS::S3::BucketPolicy")["ModelBucketPolicy"]["PolicyDocument"]
    wrapped = [entry["Fn::If"] for entry in policy["Statement"] if "Fn::If" in entry]
    [[condition, found, otherwise]] = [entry for entry in wrapped if entry[1]["Sid"] == sid]
    assert (condition, otherwise) == ("HasProtectedModels", _NOTHING)
    return dict(found)


def test_a_model_is_written_only_where_nothing_lies() -> None:
    """As in the S3 User Guide, "Enforce conditional writes on Amazon S3 buckets"."""
    found = statement("DenyOverwritingModels")

    assert (found["Effect"], found["Principal"]) == ("Deny", "*")
    assert (found["Action"], found["Resource"]) == ("s3:PutObject", _MODELS)
    assert found["Condition"] == {
        "Null": {"s3:if-none-match": True},
        "Bool": {"s3:ObjectCreationOperation": True},
        "ArnNotLike": {"Fn::If": ["HasModelKeeper", _NOT_THE_KEEPER, _NOTHING]},
    }


def test_neither_a_model_nor_a_version_of_it_is_deleted() -> None:
    found = statement("DenyDeletingModels")

    assert (found["Effect"], found["Principal"], found["Resource"]) == ("Deny", "*", _MODELS)
    assert found["Action"] == ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    assert found["Condition"] == {
        "Fn::If": ["HasModelKeeper", {"ArnNotLike": _NOT_THE_KEEPER}, _NOTHING]
    }


@pytest.mark.parametrize(
    ("parameter", "default"), [("ProtectModels", "on"), ("ModelKeeperArn", "")]
)
def test_models_are_protected_from_everybody_unless_somebody_decides_otherwise(
    parameter: str, default: str
) -> None:
    assert template()["Parameters"][parameter]["Default"] == default
