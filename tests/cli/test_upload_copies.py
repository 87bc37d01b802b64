"""A file that exists under another version is copied by S3, if S3's own SHA-256 proves its content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from tests.support.s3_fake import Bucket, Upload, fail_times, serve_s3

from switchover.aws.release_files import ReleaseFiles
from switchover.domain.release import Release
from switchover_cli.upload.folder import Folder, list_folder
from switchover_cli.upload.memory import Memory
from switchover_cli.upload.place import Place, find_unfinished
from switchover_cli.upload.progress import Progress, Step
from switchover_cli.upload.transfer import Sending, send_files
from switchover_cli.upload.uploading import UploadOutcome, upload_release
from switchover_local.checkpoint import write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

BUCKET = "models"
MEBIBYTE = 1024**2
PART_BYTES = 5 * MEBIBYTE
BIG = bytes(range(256)) * (11 * MEBIBYTE // 256)
SMALL = BIG[: 2 * MEBIBYTE]
COPY = "PUT /models/models/chat/8/x"


def send(
    s3: S3Client, root: Path, version: str = "8", told: list[Progress] | None = None
) -> Sending:
    listed = list_folder(root)
    assert isinstance(listed, Folder)
    prefix = f"models/chat/{version}/"
    place = Place(BUCKET, prefix, {}, find_unfinished(s3, BUCKET, prefix))
    note = (told if told is not None else []).append
    return send_files(s3, listed, place, PART_BYTES, note, Memory({}, PART_BYTES))


@pytest.fixture(params=[SMALL, BIG], ids=["whole", "in parts"])
def content(request: pytest.FixtureRequest) -> bytes:
    content: bytes = request.param
    return content


@pytest.fixture
def root(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "x").write_bytes(content)
    return tmp_path


def sent_bytes(told: list[Progress], step: Step) -> int:
    return sum(each.advanced_bytes for each in told if each.step is step)


def test_a_file_of_another_version_is_copied_and_not_sent(root: Path, content: bytes) -> None:
    bucket, told = Bucket(), list[Progress]()

    with serve_s3(bucket) as s3:
        send(s3, root, "7")
        sending = send(s3, root, "8", told)

    assert (sending.sent, sending.copied, sending.reasons) == ((), ("x",), ())
    assert bucket.objects["models/chat/8/x"] == content
    assert sent_bytes(told, Step.COPIED) == len(content)
    assert sent_bytes(told, Step.SENT) == 0


def test_a_copied_file_is_kept_as_a_sent_one_is(root: Path) -> None:
    bucket = Bucket()

    with serve_s3(bucket) as s3:
        send(s3, root, "7")
        send(s3, root, "8")

    for kept in (bucket.metadata, bucket.checksums):
        assert kept["models/chat/8/x"] == kept["models/chat/7/x"]


def test_a_file_is_found_under_another_name(root: Path, content: bytes) -> None:
    bucket = Bucket()
    with serve_s3(bucket) as s3:
        send(s3, root, "7")
        (root / "x").rename(root / "y")

        sending = send(s3, root, "8")

    assert sending.copied == ("y",)
    assert bucket.objects["models/chat/8/y"] == content


def test_a_file_of_the_same_name_and_size_with_other_content_is_sent(
    root: Path, content: bytes
) -> None:
    bucket = Bucket()
    with serve_s3(bucket) as s3:
        send(s3, root, "7")
        (root / "x").write_bytes(content[::-1])

        sending = send(s3, root, "8")

    assert (sending.sent, sending.copied) == (("x",), ())
    assert bucket.objects["models/chat/8/x"] == content[::-1]


def test_metadata_that_lie_about_the_content_bring_nothing_in(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(BIG)
    bucket = Bucket()
    with serve_s3(bucket) as s3:
        send(s3, tmp_path, "7")
        bucket.objects["models/chat/7/x"] = BIG[::-1]

        sending = send(s3, tmp_path, "8")

    assert (sending.sent, sending.copied, sending.reasons) == (("x",), (), ())
    assert bucket.objects["models/chat/8/x"] == BIG


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket"])
def test_a_file_that_may_not_be_copied_is_sent(root: Path, content: bytes, code: str) -> None:
    bucket = Bucket()
    with serve_s3(bucket) as s3:
        send(s3, root, "7")
        bucket.trouble = fail_times(1, code, COPY)

        sending = send(s3, root, "8")

    assert (sending.sent, sending.copied, sending.reasons) == (("x",), (), ())
    assert bucket.objects["models/chat/8/x"] == content


@pytest.mark.parametrize("denied", ["GET /models?list-type", "HEAD /models/models/chat/7/x"])
def test_a_file_that_may_not_be_looked_for_is_sent(root: Path, content: bytes, denied: str) -> None:
    bucket = Bucket()
    with serve_s3(bucket) as s3:
        send(s3, root, "7")
        bucket.trouble = fail_times(9, "AccessDenied", denied)

        sending = send(s3, root, "8")

    assert (sending.sent, sending.reasons) == (("x",), ())
    assert bucket.objects["models/chat/8/x"] == content


def test_the_parts_that_a_killed_copy_brought_are_not_copied_again(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(BIG)
    bucket, told = Bucket(), list[Progress]()
    with serve_s3(bucket) as s3:
        send(s3, tmp_path, "7")
        parts = {n: BIG[(n - 1) * PART_BYTES : n * PART_BYTES] for n in (1, 3)}
        digest = hashlib.sha256(BIG).hexdigest()
        bucket.uploads["begun"] = Upload("models/chat/8/x", digest, parts)

        sending = send(s3, tmp_path, "8", told)

    moved = [request for request in bucket.requests if request.startswith(COPY)]
    assert moved == [f"{COPY}?uploadId=begun&partNumber=2"]
    assert sending.copied == ("x",)
    assert bucket.objects["models/chat/8/x"] == BIG
    assert sent_bytes(told, Step.COPIED) == len(BIG)


def test_a_new_version_copies_what_did_not_change_and_is_valid(
    s3: S3Client, tmp_path: Path
) -> None:
    write_checkpoint(tmp_path, seed=1)
    (tmp_path / "vocabulary.md").write_bytes(SMALL)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    upload_release(tmp_path, endpoint="chat", version="7", bucket=BUCKET, s3=s3)
    (tmp_path / "README.md").write_bytes(b"changed")

    report = upload_release(tmp_path, endpoint="chat", version="8", bucket=BUCKET, s3=s3)

    assert report.outcome is UploadOutcome.SENT
    assert report.copied == ("vocabulary.md",)
    assert isinstance(report.release, Release)
    assert ReleaseFiles(s3).validate(report.release, BUCKET) == ()


def test_a_copy_is_of_the_version_that_was_looked_at(s3: S3Client, tmp_path: Path) -> None:
    """Whatever comes after the look, and under the same ETag."""
    (tmp_path / "x").write_bytes(SMALL)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    send(s3, tmp_path, "7")
    version = s3.head_object(Bucket=BUCKET, Key="models/chat/7/x")["VersionId"]
    sources: list[str] = []
    s3.meta.events.register(
        "before-call.s3.CopyObject",
        lambda params, **_: sources.append(params["headers"]["x-amz-copy-source"]),
    )

    send(s3, tmp_path, "8")

    assert sources == [f"{BUCKET}/models/chat/7/x?versionId={version}"]
