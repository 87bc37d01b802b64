"""With ModelBucketName the stack uses that bucket everywhere, and without it nothing changes."""

from __future__ import annotations

import json
from typing import Any

from tests.support.template_forms import form
from tests.support.template_parts import ROOT

from switchover_cli.doctor.protection import protecting_statements

_NAME = "ml-models"
_KEY = "arn:aws:kms:us-east-1:111122223333:key/models"
_MADE = {"ModelBucket", "ModelBucketPolicy"}


def _statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    policies = resource["Properties"].get("Policies", [])
    return [each for policy in policies for each in policy.get("Statement", ())]


def _on_keys(whole: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The statements about the bucket's key, by function."""
    found = {
        name: [each for each in _statements(resource) if each["Resource"] == _KEY]
        for name, resource in whole["Resources"].items()
    }
    return {name: statements for name, statements in found.items() if statements}


def _functions_with(whole: dict[str, Any], action: str) -> set[str]:
    return {
        name
        for name, resource in whole["Resources"].items()
        if any(action in each["Action"] for each in _statements(resource))
    }


def test_an_existing_bucket_takes_the_place_of_the_stacks_own_everywhere() -> None:
    own, named = form(), form(ModelBucketName=_NAME)
    text = json.dumps(
        {**own, "Resources": {k: v for k, v in own["Resources"].items() if k not in _MADE}}
    )
    expected = text.replace('{"Ref": "ModelBucket"}', f'"{_NAME}"').replace("${ModelBucket}", _NAME)

    assert own["Resources"].keys() - named["Resources"].keys() == _MADE
    assert named == json.loads(expected)
    assert "ModelBucket" not in json.dumps(named)


def test_without_a_name_the_stack_makes_its_bucket_and_uses_no_other() -> None:
    own = form()
    policy = own["Resources"]["ModelBucketPolicy"]["Properties"]
    pattern = own["Resources"]["ReceiveReleaseFunction"]["Properties"]["Events"]["Release"]
    bucket = {"Ref": "ModelBucket"}

    assert policy["Bucket"] == bucket
    assert own["Globals"]["Function"]["Environment"]["Variables"]["SWITCHOVER_BUCKET"] == bucket
    assert pattern["Properties"]["Pattern"]["detail"]["bucket"]["name"] == [bucket]
    assert own["Outputs"]["BucketName"]["Value"] == bucket


def test_the_buckets_key_is_given_to_exactly_the_functions_that_use_its_objects() -> None:
    whole = form(ModelBucketName=_NAME, ModelBucketKeyArn=_KEY)
    granted = _on_keys(whole)

    assert granted.keys() == _functions_with(whole, "s3:GetObject")
    assert {n for n, s in granted.items() if "kms:GenerateDataKey" in s[0]["Action"]} == (
        _functions_with(whole, "s3:PutObject")
    )


def test_without_a_key_no_function_may_use_one() -> None:
    text = json.dumps(form(ModelBucketName=_NAME))

    assert "kms:Decrypt" not in text
    assert "kms:GenerateDataKey" not in text


def test_the_policy_to_copy_is_the_one_with_which_the_stack_protects_its_own_bucket() -> None:
    made = form()["Resources"]["ModelBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    text = (ROOT / "docs/iam/existing-bucket-policy.json").read_text("utf-8")
    names = {"${AWS::Partition}": "${Partition}", "${ModelBucket}": "${Bucket}"}
    plain_http, *protecting = json.loads(_replaced(json.dumps(made), names))
    for statement in protecting:
        _drop_empty(statement)

    assert plain_http["Sid"] == "DenyPlainHttp"
    assert json.loads(text)["Statement"] == protecting


def test_the_doctor_adds_the_documented_statements() -> None:
    text = (ROOT / "docs/iam/existing-bucket-policy.json").read_text("utf-8")
    filled = _replaced(text, {"${Partition}": "aws", "${Bucket}": _NAME})

    assert json.loads(filled)["Statement"] == list(protecting_statements("aws", _NAME))


def _replaced(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def _drop_empty(statement: dict[str, Any]) -> None:
    if not statement.get("Condition", True):
        del statement["Condition"]
