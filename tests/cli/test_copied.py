"""While S3 copies a release, the phase says how much is copied, from what S3 holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING
from unittest.mock import Mock, create_autospec

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from tests.support import samples

from switchover.domain.release import Release
from switchover.domain.update.records import Moment
from switchover_cli.copied import Copied, is_copying, read_copied
from switchover_cli.deployment import Deployment
from switchover_cli.scene import Scene
from switchover_cli.watching import follow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

    from switchover.domain.update.update import Update

MIB = 1024**2
PREFIX = "models/chat/v7/"
RELEASE = Release.model_validate(
    {
        "schema": 1,
        "endpoint": "chat",
        "model": {"name": "qwen", "version": "v7"},
        "prefix": PREFIX,
        "source": "s3://elsewhere/v7/",
        "files": tuple(
            {"path": path, "bytes": size, "sha256": "0" * 64}
            for path, size in (("a.bin", 3), ("b.bin", 7 * MIB), ("c.bin", 10))
        ),
    }
)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    """A bucket with one whole file, one file that isn't the release's, and one part."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="models")
        client.put_object(Bucket="models", Key=f"{PREFIX}a.bin", Body=b"abc")
        client.put_object(Bucket="models", Key=f"{PREFIX}other.bin", Body=b"abcdef")
        upload = client.create_multipart_upload(Bucket="models", Key=f"{PREFIX}b.bin")
        client.upload_part(
            Bucket="models",
            Key=f"{PREFIX}b.bin",
            UploadId=upload["UploadId"],
            PartNumber=1,
            Body=bytes(5 * MIB),
        )
        yield client


def copying() -> Update:
    return replace(samples.update(), release=RELEASE, bucket="models").copying_from("f" * 64)


def copied(nbytes: int, seconds: float = 0, files: int = 1) -> Copied:
    return Copied(files, nbytes, 3, 1_000_000_000, samples.later(seconds))


def test_whole_files_and_parts_of_the_release_count(s3: S3Client) -> None:
    read = read_copied(s3, copying(), samples.NOW)

    assert read == Copied(1, 3 + 5 * MIB, 3, 13 + 7 * MIB, samples.NOW)


def test_without_permission_to_list_parts_whole_files_count(
    s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(s3, "ListMultipartUploads")

    read = read_copied(s3, copying(), samples.NOW)

    assert read == Copied(1, 3, 3, 13 + 7 * MIB, samples.NOW)


def test_without_permission_to_list_the_bucket_nothing_is_said(s3: S3Client) -> None:
    refuse(s3, "ListObjectsV2")

    assert read_copied(s3, copying(), samples.NOW) is None


def refuse(s3: S3Client, operation: str) -> None:
    def deny(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, operation)

    s3.meta.events.register(f"before-call.s3.{operation}", deny)


def test_the_phase_says_how_much_is_copied() -> None:
    scene = Scene(
        update=copying(),
        timeline=(Moment(at=samples.NOW, state="ClaimEndpoint", text="Claimed."),),
        endpoint=samples.endpoint(),
        alarms=(),
        now=samples.later(60),
        copied=copied(400_000_000, 60),
        first_copied=copied(100_000_000),
    )

    assert scene.phase == (
        "Copying the model's files: 400.0 MB of 1.0 GB, 1 of 3 files; 5.0 MB/s, about 2 min left"
    )


def test_no_rate_is_claimed_from_one_reading_or_when_nothing_came() -> None:
    assert copied(400).say(copied(400, -60)) == copied(400).say()
    assert copied(400).say(copied(100, -5)) == copied(400).say()
    assert copied(400).say() == "400 B of 1.0 GB, 1 of 3 files"


def test_a_watcher_counts_the_rate_from_its_first_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = iter(
        Scene(copying(), (), samples.endpoint(), (), samples.NOW, copied=copied(10**8 * n, 60 * n))
        for n in (1, 2, 3)
    )
    monkeypatch.setattr(follow, "read_scene", lambda *_: next(scenes))
    deployment = create_autospec(Deployment, instance=True, is_local=False, workflow=Mock())
    looks = follow.look_until_over(deployment, "chat-v2", lambda _: None)

    seen = list(islice(looks, 3))

    assert [scene.phase.rpartition("; ")[2] for scene in seen[1:]] == [
        "1.7 MB/s, about 8 min left",
        "1.7 MB/s, about 7 min left",
    ]
    assert seen[0].phase == "Copying the model's files: 100.0 MB of 1.0 GB, 1 of 3 files"


@pytest.mark.parametrize("state", ["CopyRelease", "ValidateModel"])
def test_a_finished_copy_is_not_read_again(state: str) -> None:
    assert is_copying(copying(), ())
    assert not is_copying(copying(), (Moment(at=samples.NOW, state=state, text="Done."),))


def test_plain_lines_say_each_tenth_of_a_copy_once() -> None:
    assert copied(199_999_999).tenths == copied(100_000_000).tenths == 1
    assert copied(999_999_999).tenths == 9
