"""Files arrive in S3 complete, whatever happens on the way, and arrived files are not sent again."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError
from tests.support.s3_fake import RESET, Bucket, Upload, fail_times, serve_s3

from switchover.checkpoint.reading import StoredFile
from switchover.domain.reasons import Reason
from switchover_cli.errors import CommandFailed
from switchover_cli.upload.folder import Digest, Folder, digest_file, identify, list_folder
from switchover_cli.upload.memory import Memory
from switchover_cli.upload.parts import resolve_part_bytes
from switchover_cli.upload.place import Place, StoredObject, find_unfinished
from switchover_cli.upload.progress import Progress, Step
from switchover_cli.upload.transfer import Sending, send_files
from switchover_cli.upload.uploading import UploadOutcome, upload_release
from switchover_local.checkpoint import write_checkpoint

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

BUCKET = "models"
MEBIBYTE = 1024**2
PART_BYTES = 5 * MEBIBYTE  # the smallest that S3 takes
CONTENT = bytes(range(256)) * (11 * MEBIBYTE // 256)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore waits before it tries again; here nobody needs to."""
    monkeypatch.setattr("time.sleep", lambda _: None)


def send(
    s3: S3Client, root: Path, place: Place | None = None, told: list[Progress] | None = None
) -> Sending:
    listed = list_folder(root)
    assert isinstance(listed, Folder)
    unfinished = find_unfinished(s3, BUCKET, "p/")
    return send_files(
        s3,
        listed,
        place or Place(BUCKET, "p/", {}, unfinished),
        PART_BYTES,
        (told if told is not None else []).append,
        Memory({}, PART_BYTES),
    )


def begun(content: bytes, numbers: list[int]) -> Upload:
    """What a killed run leaves: an upload that was begun, with some of its parts."""
    parts = {n: content[(n - 1) * PART_BYTES : n * PART_BYTES] for n in numbers}
    return Upload("p/big", hashlib.sha256(content).hexdigest(), parts)


@pytest.mark.parametrize(
    ("size", "parts"), [(0, 0), (1, 0), (5, 0), (6, 2), (10, 2), (11, 3), (16, 4)]
)
def test_a_digest_is_the_one_that_s3_answers_with(tmp_path: Path, size: int, parts: int) -> None:
    content = bytes(range(size))
    (tmp_path / "x").write_bytes(content)
    told: list[int] = []

    digest = digest_file(Folder(tmp_path, ()), StoredFile("x", size), 5, told.append)

    assert isinstance(digest, Digest)
    pieces = b"".join(
        hashlib.sha256(content[at : at + 5]).digest() for at in range(0, 5 * parts, 5)
    )
    expected = hashlib.sha256(pieces if parts else content).digest()
    assert digest.sha256 == hashlib.sha256(content).hexdigest()
    assert digest.s3_checksum == base64.b64encode(expected).decode()
    assert sum(told) == size


def test_a_file_sent_in_parts_is_recognised_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(CONTENT)
    bucket = Bucket()

    with serve_s3(bucket) as s3:
        first = send(s3, tmp_path)
        again = send(s3, tmp_path, Place(BUCKET, "p/", {"big": StoredObject(len(CONTENT), "")}))

    assert (first.sent, first.reasons) == (("big",), ())
    assert (again.sent, again.already_there) == ((), ("big",))
    assert bucket.checksums["p/big"].endswith("-3")
    assert bucket.metadata["p/big"] == hashlib.sha256(CONTENT).hexdigest()


def test_a_file_that_is_there_with_other_content_is_not_written_over(
    s3: S3Client, tmp_path: Path
) -> None:
    (tmp_path / "small").write_bytes(b"new")
    s3.put_object(Bucket=BUCKET, Key="p/small", Body=b"old", ChecksumAlgorithm="SHA256")

    sending = send(s3, tmp_path, Place(BUCKET, "p/", {"small": StoredObject(3, "")}))

    assert [(r.code, r.subject) for r in sending.reasons] == [
        ("model.file-taken", f"s3://{BUCKET}/p/small")
    ]
    assert s3.get_object(Bucket=BUCKET, Key="p/small")["Body"].read() == b"old"


def test_a_file_that_came_while_it_was_sent_is_taken_if_it_is_the_same(
    s3: S3Client, tmp_path: Path
) -> None:
    """As after a first try whose answer was lost."""
    (tmp_path / "small").write_bytes(b"new")
    s3.put_object(Bucket=BUCKET, Key="p/small", Body=b"new", ChecksumAlgorithm="SHA256")

    sending = send(s3, tmp_path, Place(BUCKET, "p/", {}))

    assert (sending.sent, sending.reasons) == (("small",), ())


def test_a_file_in_parts_that_came_meanwhile_is_not_written_over(
    s3: S3Client, tmp_path: Path
) -> None:
    (tmp_path / "big").write_bytes(CONTENT)
    s3.put_object(Bucket=BUCKET, Key="p/big", Body=b"theirs", ChecksumAlgorithm="SHA256")

    sending = send(s3, tmp_path, Place(BUCKET, "p/", {}))

    assert [reason.code for reason in sending.reasons] == ["model.file-taken"]
    assert s3.get_object(Bucket=BUCKET, Key="p/big")["Body"].read() == b"theirs"


def test_the_parts_that_a_killed_run_sent_are_not_sent_again(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(CONTENT)
    bucket = Bucket(uploads={"old": begun(CONTENT, [1, 3])})
    told: list[Progress] = []

    with serve_s3(bucket) as s3:
        send(s3, tmp_path, told=told)

    assert bucket.objects["p/big"] == CONTENT
    assert [request for request in bucket.requests if "PUT" in request] == [
        "PUT /models/p/big?uploadId=old&partNumber=2"
    ]
    sent = (entry.advanced_bytes for entry in told if entry.step is Step.SENT)
    assert sum(sent) == len(CONTENT)


def test_a_part_of_another_content_is_sent_again(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(CONTENT)
    other = bytes(PART_BYTES) + CONTENT[PART_BYTES:]
    bucket = Bucket(uploads={"old": begun(CONTENT, [3])})
    bucket.uploads["old"].parts[1] = other[:PART_BYTES]

    with serve_s3(bucket) as s3:
        send(s3, tmp_path)

    assert bucket.objects["p/big"] == CONTENT
    assert bucket.count("PUT") == 2


def test_an_upload_that_was_begun_for_another_content_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(CONTENT)
    bucket = Bucket(uploads={"old": begun(bytes(PART_BYTES) + CONTENT[PART_BYTES:], [3])})

    with serve_s3(bucket) as s3:
        send(s3, tmp_path)

    assert bucket.objects["p/big"] == CONTENT
    assert bucket.metadata["p/big"] == hashlib.sha256(CONTENT).hexdigest()


def test_who_may_not_list_uploads_sends_from_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(CONTENT)
    bucket = Bucket(uploads={"old": begun(CONTENT, [1])})
    bucket.trouble = fail_times(1, "AccessDenied", "GET /models?uploads")

    with serve_s3(bucket) as s3:
        send(s3, tmp_path)

    assert bucket.objects["p/big"] == CONTENT
    assert bucket.count("PUT") == 3


def test_a_part_that_changed_since_its_digest_is_refused_by_s3(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(CONTENT)
    bucket = Bucket()

    def rewrite(request: str) -> None:
        if request.startswith("POST"):
            big.write_bytes(CONTENT.swapcase())

    bucket.trouble = rewrite
    with serve_s3(bucket) as s3:
        sending = send(s3, tmp_path)

    assert [(r.code, r.subject) for r in sending.reasons] == [("model.file-changed", "big")]


def test_a_file_that_was_cut_off_since_its_digest_is_refused_by_s3(tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(CONTENT)
    bucket = Bucket()

    def cut(request: str) -> None:
        if request.startswith("POST"):
            os.truncate(big, 3)

    bucket.trouble = cut
    with serve_s3(bucket) as s3:
        sending = send(s3, tmp_path)

    assert [(r.code, r.subject) for r in sending.reasons] == [("model.file-changed", "big")]


class Locked(Folder):
    """A folder whose files are another user's. Root, who may run this, could read real ones."""

    def open(self, path: str) -> BufferedReader:
        """Refuse, as the operating system does."""
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


@pytest.mark.parametrize("size", [3, PART_BYTES + 1])
def test_a_file_without_permission_is_a_reason(tmp_path: Path, size: int) -> None:
    folder = Locked(tmp_path, (StoredFile("x", size),))

    with serve_s3(Bucket()) as s3:
        sending = send_files(
            s3, folder, Place(BUCKET, "p/"), PART_BYTES, lambda _: None, Memory({}, PART_BYTES)
        )

    assert sending.reasons == (
        Reason(
            code="model.unreadable",
            subject="x",
            message="can't be read: Permission denied.",
            remedy="Correct its permissions, or get the file again.",
        ),
    )


def test_a_file_that_grew_since_it_was_listed_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")

    answer = digest_file(Folder(tmp_path, ()), StoredFile("x", 3), 64, lambda _: None)

    assert isinstance(answer, Reason)
    assert answer.code == "model.file-changed"


def test_a_file_of_the_same_size_that_was_written_since_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"123")
    before = identify((tmp_path / "x").stat())._replace(changed_ns=1)
    folder = Folder(tmp_path, (), identities={"x": before})

    answer = digest_file(folder, StoredFile("x", 3), 64, lambda _: None)

    assert isinstance(answer, Reason)
    assert answer.code == "model.file-changed"


def test_a_file_that_cannot_be_read_is_a_reason(tmp_path: Path) -> None:
    answer = digest_file(Folder(tmp_path, ()), StoredFile("gone", 3), 64, lambda _: None)

    assert isinstance(answer, Reason)
    assert answer.code == "model.unreadable"
    assert "No such file" in answer.message


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize("trouble", ["SlowDown", RESET])
@pytest.mark.parametrize("size", [3, len(CONTENT)])
def test_a_passing_trouble_is_lived_through(tmp_path: Path, trouble: str, size: int) -> None:
    (tmp_path / "x").write_bytes(CONTENT[:size])
    bucket = Bucket(trouble=fail_times(2, trouble, "PUT"))
    told: list[Progress] = []

    with serve_s3(bucket) as s3:
        sending = send(s3, tmp_path, told=told)

    assert sending.reasons == ()
    assert bucket.objects["p/x"] == CONTENT[:size]
    assert sum(entry.advanced_bytes for entry in told if entry.step is Step.SENT) == size


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(("trouble", "says"), [("SlowDown", "SlowDown"), (RESET, "Connection")])
def test_a_lasting_trouble_ends_with_how_to_go_on(tmp_path: Path, trouble: str, says: str) -> None:
    (tmp_path / "x").write_bytes(CONTENT)
    bucket = Bucket(trouble=fail_times(1_000, trouble, "PUT"))

    with serve_s3(bucket) as s3, pytest.raises(CommandFailed, match=says) as caught:
        send(s3, tmp_path)

    assert "x: " in caught.value.message
    assert "files that S3 already has are not sent again" in caught.value.remedy


@pytest.mark.usefixtures("no_waiting")
@pytest.mark.parametrize(
    ("trouble", "code", "says"),
    [
        ("AccessDenied", "model.access-denied", "S3 denies access to it in bucket models."),
        ("NoSuchBucket", "model.bucket-missing", "there is no such bucket."),
    ],
)
def test_a_refusal_is_a_reason(tmp_path: Path, trouble: str, code: str, says: str) -> None:
    (tmp_path / "x").write_bytes(b"1")
    bucket = Bucket(trouble=fail_times(1_000, trouble, "PUT"))

    with serve_s3(bucket) as s3:
        (reason,) = send(s3, tmp_path).reasons

    assert (reason.code, reason.message) == (code, says)


class CountingS3:
    """An empty bucket in memory that counts what is asked; botocore would take 5 s for 5,000."""

    def __init__(self) -> None:
        self.objects: dict[str, int] = {}
        self.requests = 0

    def get_object(self, **_: object) -> None:
        self.requests += 1
        raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "no"}}, "GetObject")

    def put_object(self, **sent: Any) -> dict[str, str]:
        self.requests += 1
        body = sent["Body"]
        self.objects[sent["Key"]] = len(body if isinstance(body, bytes) else body.read())
        return {"ETag": "e"}

    def get_paginator(self, operation: str) -> SimpleNamespace:
        return SimpleNamespace(paginate=lambda **asked: self._list(operation, asked["Prefix"]))

    def _list(self, operation: str, prefix: str) -> list[dict[str, object]]:
        self.requests += 1
        if operation == "list_multipart_uploads":
            return [{}]
        found = {key: size for key, size in self.objects.items() if key.startswith(prefix)}
        return [{"Contents": [{"Key": key, "Size": size} for key, size in found.items()]}]


@pytest.mark.long
def test_5_000_files_take_a_request_each_and_few_more(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, seed=1)
    (tmp_path / "assets").mkdir()
    for number in range(5_000):
        (tmp_path / "assets" / f"{number}.txt").write_bytes(b"%d" % number)
    s3 = CountingS3()

    report = upload_release(
        tmp_path, endpoint="chat", version="7", bucket=BUCKET, s3=cast("S3Client", s3)
    )

    assert report.outcome is UploadOutcome.SENT
    assert len(s3.objects) == 5_000 + 11 + 1
    assert s3.requests == len(s3.objects) + 4


@pytest.mark.parametrize(
    ("largest", "part"),
    [
        (0, 64 * MEBIBYTE),
        (640 * 10**9, 64 * MEBIBYTE),
        (10_000 * 64 * MEBIBYTE + 1, 65 * MEBIBYTE),
        (5 * 10**12, 477 * MEBIBYTE),
    ],
)
def test_parts_are_large_enough_for_10_000_of_them(largest: int, part: int) -> None:
    assert resolve_part_bytes(largest) == part
