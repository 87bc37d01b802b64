"""What the settings of a model bucket mean for the stack that uses it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.template import ACCOUNT

from switchover_cli.doctor.bucket import BucketSettings
from switchover_cli.doctor.bucket_findings import judge_bucket
from switchover_cli.doctor.protection import find_unprotected, protecting_statements
from switchover_cli.doctor.seen import Seen

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0b1c"
_MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:switchover-update"
_OVERWRITE, _DELETE = protecting_statements("aws", "models")
_IN_ORDER = BucketSettings(
    name="models",
    partition="aws",
    region="us-east-1",
    is_of_account=True,
    is_versioned=True,
    notifications={"EventBridgeConfiguration": {}},
    policy={"Statement": [_OVERWRITE, _DELETE]},
    blocks_public_access=True,
    key="",
)


def codes(bucket: BucketSettings, **stack: Any) -> list[str]:
    seen = Seen(_NOW, _MACHINE, "switchover", bucket=bucket, region="us-east-1", **stack)
    return [finding.code for finding in judge_bucket(seen)]


def test_a_bucket_that_is_set_up_has_no_finding() -> None:
    assert codes(_IN_ORDER) == []


@pytest.mark.parametrize("where", [{"region": "eu-west-1"}, {"is_of_account": False}])
def test_a_bucket_elsewhere_is_found(where: dict[str, Any]) -> None:
    assert codes(replace(_IN_ORDER, **where)) == ["bucket.elsewhere"]


def test_a_bucket_whose_region_s3_does_not_say_is_not_called_elsewhere() -> None:
    assert codes(replace(_IN_ORDER, region="")) == []


@pytest.mark.parametrize(
    ("key", "known", "expected"),
    [
        (_KEY, "", ["bucket.key"]),
        (_KEY, _KEY.replace("0b1c", "ffff"), ["bucket.key"]),
        (_KEY, _KEY, []),
        (_KEY, f"arn:aws:kms:us-east-1:{ACCOUNT}:key/*", []),
        ("alias/models", "", ["bucket.key"]),
        ("alias/models", _KEY, []),
        ("", _KEY, []),
    ],
)
def test_a_key_that_the_stack_does_not_know_is_found(
    key: str, known: str, expected: list[str]
) -> None:
    assert codes(replace(_IN_ORDER, key=key), bucket_key=known) == expected


def test_a_stack_without_protection_asks_for_none() -> None:
    assert codes(replace(_IN_ORDER, policy={}), protects_models=False) == []


def test_a_policy_that_nobody_can_read_is_not_replaced() -> None:
    assert codes(replace(_IN_ORDER, policy=None)) == []


@pytest.mark.parametrize(
    "change",
    [
        {"Resource": "arn:aws:s3:::*"},
        {"Resource": ["arn:aws:s3:::other/*", "arn:aws:s3:::models/*"]},
        {"Principal": {"AWS": "*"}},
        {"Action": ["s3:Delete*"]},
        {
            "Condition": {
                "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::000000000000:role/keeper"}
            }
        },
    ],
)
def test_a_denial_in_other_words_protects_too(change: dict[str, Any]) -> None:
    policy = {"Statement": [_OVERWRITE, {**_DELETE, **change}]}

    assert find_unprotected(policy, "models") == ()


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Allow"},
        {"Principal": {"AWS": "arn:aws:iam::000000000000:role/intern"}},
        {"Resource": "arn:aws:s3:::models/models/chat/*"},
        {"Resource": "arn:aws:s3:::other/models/*"},
        {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}},
        {"Action": "s3:DeleteObjectTagging"},
    ],
)
def test_a_denial_of_less_protects_nothing(change: dict[str, Any]) -> None:
    policy = {"Statement": [_OVERWRITE, {**_DELETE, **change}]}

    assert find_unprotected(policy, "models") == ("s3:DeleteObject", "s3:DeleteObjectVersion")
