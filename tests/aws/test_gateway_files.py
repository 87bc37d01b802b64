"""Policies and golden requests are read from their places in S3, and policies are merged in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.support.samples import BUCKET, release, update

from switchover.aws.files import Files
from switchover.domain.golden.questions import GoldenQuestion
from switchover.domain.policies.choices import Strategy
from switchover.domain.policies.layers import EffectivePolicy
from switchover.domain.reasons import Reason
from switchover.domain.update.request import Request

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = "policies/chat.yaml"
URI = "s3://models/releases/chat/v2/release.json"


@pytest.fixture
def s3(aws: None) -> S3Client:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def files(s3: S3Client) -> Files:
    return Files(s3)


def write(s3: S3Client, key: str, text: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode())


def effective(files: Files, **changes: Any) -> EffectivePolicy:
    found = files.effective_policy(update(**changes))
    assert isinstance(found, EffectivePolicy), found
    return found


def faults(files: Files, **changes: Any) -> list[str]:
    found = files.effective_policy(update(**changes))
    assert isinstance(found, tuple)
    return [str(reason) for reason in found]


def test_a_file_that_is_not_there_is_none(files: Files) -> None:
    assert files.read(BUCKET, "nothing", 1) is None


def test_a_bucket_that_cannot_be_read_is_not_an_empty_one(files: Files) -> None:
    with pytest.raises(ClientError):
        files.read("another-bucket", "nothing", 1)


def test_without_a_policy_file_the_defaults_hold(files: Files) -> None:
    assert effective(files).policy.strategy is Strategy.ROLLING


def test_the_file_is_the_endpoints_own(s3: S3Client, files: Files) -> None:
    write(s3, KEY, "strategy: canary")
    write(s3, "policies/search.yaml", "strategy: linear")
    found = effective(files)
    assert found.policy.strategy is Strategy.CANARY
    assert found.origins["strategy"] == f"s3://models/{KEY} line 1"


def test_release_goes_over_file_and_input_over_release(s3: S3Client, files: Files) -> None:
    write(s3, KEY, "{strategy: canary, canary: {percent: 20, bake_seconds: 700}, watch_seconds: 1}")
    found = effective(
        files,
        release=release(policy={"canary": {"bake_seconds": 800}, "watch_seconds": 2}),
        request=Request(release=URI, policy={"watch_seconds": 3}),
    ).policy
    assert (found.canary.percent, found.canary.bake_seconds, found.watch_seconds) == (20, 800, 3)


def test_a_rollback_has_a_policy_without_a_release(s3: S3Client, files: Files) -> None:
    write(s3, KEY, "watch_seconds: 60")
    request = Request(rollback="chat")
    assert effective(files, release=None, request=request).policy.watch_seconds == 60


def test_faults_of_every_layer_are_told_with_their_file(s3: S3Client, files: Files) -> None:
    write(s3, KEY, "watch_second: 5")
    told = faults(
        files,
        release=release(policy={"canary": {"percent": 99}}),
        request=Request(release=URI, policy={"tier": "gold"}),
    )
    assert [fault.split(": ")[0] for fault in sorted(told)] == [
        "input policy",
        "release.json policy",
        f"s3://models/{KEY} line 1",
    ]


def test_a_file_that_is_not_yaml_does_not_hide_the_releases_faults(
    s3: S3Client, files: Files
) -> None:
    write(s3, KEY, "a: [")
    assert len(faults(files, release=release(policy={"canary": {"percent": 99}}))) == 2


def test_golden_requests_are_read(s3: S3Client, files: Files) -> None:
    write(s3, "golden.jsonl", '{"name": "hello", "body": "Hello"}\n')
    [read] = files.golden_requests(BUCKET, "golden.jsonl")
    assert isinstance(read, GoldenQuestion)
    assert read.body == b"Hello"


@pytest.mark.parametrize("folder", ["golden/", ""])
def test_what_a_request_needs_lies_beside_the_golden_file(
    s3: S3Client, files: Files, folder: str
) -> None:
    write(s3, f"{folder}vlm.jsonl", '{"name": "sign", "body_file": "images/sign.png"}')
    write(s3, f"{folder}images/sign.png", "PNG")
    [read] = files.golden_requests(BUCKET, f"{folder}vlm.jsonl")
    assert isinstance(read, GoldenQuestion)
    assert read.body == b"PNG"


def test_a_golden_file_of_a_size_that_is_no_golden_file_is_not_read_whole(
    s3: S3Client, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchover.aws.files.TOTAL_LIMIT_BYTES", 10)
    write(s3, "golden.jsonl", '{"name": "hello", "body": "Hello"}\n')
    [reason] = files.golden_requests(BUCKET, "golden.jsonl")
    assert isinstance(reason, Reason)
    assert reason.code == "golden.too-large"


def test_golden_requests_that_are_not_there_are_told_with_key_and_remedy(files: Files) -> None:
    [reason] = files.golden_requests(BUCKET, "golden.jsonl")
    assert isinstance(reason, Reason)
    assert str(reason) == (
        "policy: tests.golden: s3://models/golden.jsonl does not exist."
        " Upload it, or take `tests.golden` out of the policy."
    )
