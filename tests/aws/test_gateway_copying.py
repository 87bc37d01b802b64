"""A release is copied by S3 itself, by parts where it is large, and nothing is copied twice.

moto ignores the condition on a copy's source; `Wire` answers for S3 there.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import boto3
import pytest
from botocore.exceptions import ClientError

from switchover.aws.copying import ROUND_SECONDS, Copying
from switchover.aws.release_files import ReleaseFiles
from switchover.domain.copying import MIB_BYTES, CopyVerdict
from switchover.domain.release import Release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

BUCKET = "models"
SOURCE_BUCKET = "team"
PREFIX = "models/chat/v7/"
SOURCE = f"s3://{SOURCE_BUCKET}/exports/v7/"
# The least that S3 takes as a part.
PART_BYTES = 5 * MIB_BYTES
SMALL = {"config.json": b"{}", "empty.txt": b"", "a b/ü.txt": b"named oddly"}
LARGE = "weights.safetensors"
FILES = {**SMALL, LARGE: bytes(range(256)) * (12 * MIB_BYTES // 256)}
_COPIES = ("CopyObject", "UploadPartCopy")


@dataclass
class Wire:
    """Records the requests to S3, and gives prepared answers."""

    s3: S3Client
    requests: Counter[str] = field(default_factory=Counter)
    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    is_dead: bool = False

    def __post_init__(self) -> None:
        self.s3.meta.events.register("before-call.s3", self._pass)

    def _pass(self, model: Any, params: Any, **_: Any) -> Any:
        name = model.name
        number = params["query_string"].get("partNumber", "") if name in _COPIES else ""
        what = f"{name} {params['url_path'].rpartition('/')[2]} {number}".strip()
        bucket = params["context"]["input_params"]["Bucket"]
        status, code = self.answers.get(name, self.answers.get(f"{name} {bucket}", (0, "")))
        if status == 0 and name in _COPIES and self._is_changed(params["headers"]):
            status, code = 412, "PreconditionFailed"
        if status:
            answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {}}
            return type("Http", (), {"status_code": status}), answer
        self.requests[name] += 1
        self.requests[what] += name in _COPIES
        return None

    def _is_changed(self, headers: Mapping[str, str]) -> bool:
        bucket, _, key = headers["x-amz-copy-source"].lstrip("/").partition("/")
        found = boto3.client("s3").head_object(Bucket=bucket, Key=unquote(key))
        return found["ETag"].strip('"') != headers["x-amz-copy-source-if-match"].strip('"')


@pytest.fixture
def wire(aws: None) -> Wire:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(
        Bucket=SOURCE_BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    for path, content in FILES.items():
        put_source(s3, path, content)
    return Wire(s3)


def put_source(s3: S3Client, path: str, content: bytes) -> None:
    s3.put_object(
        Bucket=SOURCE_BUCKET, Key=f"exports/v7/{path}", Body=content, ChecksumAlgorithm="CRC64NVME"
    )


def describe(files: Mapping[str, bytes]) -> Release:
    return Release.model_validate(
        {
            "schema": 1,
            "endpoint": "chat",
            "model": {"name": "qwen", "version": "v7"},
            "prefix": PREFIX,
            "source": SOURCE,
            "files": tuple(
                {"path": path, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
                for path, raw in files.items()
            ),
        }
    )


RELEASE = describe(FILES)


def copying(wire: Wire, *, rounds_end_after: int = 1000) -> Copying:
    """A gateway whose round ends after this number of looks at the clock."""
    looks = count()
    return Copying(
        wire.s3,
        lambda: float(ROUND_SECONDS * (next(looks) > rounds_end_after)),
        whole_bytes=PART_BYTES,
        part_bytes=PART_BYTES,
    )


def stored(wire: Wire) -> dict[str, bytes]:
    listed = wire.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {
        entry["Key"].removeprefix(PREFIX): wire.s3.get_object(Bucket=BUCKET, Key=entry["Key"])[
            "Body"
        ].read()
        for entry in listed
    }


def unfinished(wire: Wire) -> list[str]:
    listed = wire.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    return [upload["Key"] for upload in listed]


def test_a_release_of_another_region_is_copied_whole_and_compared(wire: Wire) -> None:
    gateway = copying(wire)

    standing = gateway.copy(gateway.compare(RELEASE, BUCKET))

    assert (standing.verdict, standing.uncompared) == (CopyVerdict.COPIED, ())
    assert stored(wire) == FILES
    assert unfinished(wire) == []


def test_a_large_file_is_copied_by_parts_and_a_small_one_at_once(wire: Wire) -> None:
    gateway = copying(wire)

    gateway.copy(gateway.compare(RELEASE, BUCKET))

    assert (wire.requests["CopyObject"], wire.requests["UploadPartCopy"]) == (len(SMALL), 3)


def test_each_file_is_asked_for_once_at_its_source_and_once_as_a_copy(wire: Wire) -> None:
    gateway = copying(wire)

    standing = gateway.compare(RELEASE, BUCKET)
    before = wire.requests["HeadObject"]
    gateway.copy(standing)

    assert before == len(FILES)
    assert wire.requests["HeadObject"] == 2 * len(FILES)


def test_a_prefix_that_may_not_be_listed_is_asked_for_each_file(wire: Wire) -> None:
    wire.answers["ListObjectsV2"] = (403, "AccessDenied")
    gateway = copying(wire)

    standing = gateway.copy(gateway.compare(RELEASE, BUCKET))
    again = gateway.compare(RELEASE, BUCKET)
    wire.answers.clear()

    assert (standing.verdict, again.verdict) == (CopyVerdict.COPIED, CopyVerdict.COPIED)
    assert stored(wire) == FILES


def test_no_byte_passes_through_here(wire: Wire) -> None:
    gateway = copying(wire)

    gateway.copy(gateway.compare(RELEASE, BUCKET))

    assert {"GetObject", "PutObject", "UploadPart"} & set(wire.requests) == set()


def test_what_s3_vouches_for_is_known_of_the_copy(wire: Wire) -> None:
    """ValidateModel has a SHA-256 of each file that S3 could compute itself, and of no other."""
    gateway = copying(wire)
    gateway.copy(gateway.compare(RELEASE, BUCKET))

    found = ReleaseFiles(wire.s3).inspect(RELEASE, BUCKET)

    assert [text for text in found.unchecked if "no SHA-256" in text] == [
        f"{LARGE}: S3 holds no SHA-256 of this file, so none was compared."
    ]
    assert not [r for r in found.reasons if r.code == "model.checksum-differs"]


def test_a_sha256_that_the_source_vouches_for_goes_with_it(wire: Wire) -> None:
    digest = hashlib.sha256(FILES[LARGE]).hexdigest()
    wire.s3.put_object(
        Bucket=SOURCE_BUCKET,
        Key=f"exports/v7/{LARGE}",
        Body=FILES[LARGE],
        ChecksumAlgorithm="CRC64NVME",
        Metadata={"sha256": digest},
    )
    gateway = copying(wire)

    gateway.copy(gateway.compare(RELEASE, BUCKET))

    head = wire.s3.head_object(Bucket=BUCKET, Key=f"{PREFIX}{LARGE}")
    assert head["Metadata"]["sha256"] == digest


def test_a_copy_that_is_there_is_not_made_again(wire: Wire) -> None:
    gateway = copying(wire)
    gateway.copy(gateway.compare(RELEASE, BUCKET))
    before = Counter(wire.requests)

    standing = gateway.compare(RELEASE, BUCKET)

    assert standing.verdict is CopyVerdict.COPIED
    assert [wire.requests[name] - before[name] for name in _COPIES] == [0, 0]


def test_a_round_that_ends_is_gone_on_with_and_no_part_is_copied_twice(wire: Wire) -> None:
    # Looks at the clock: one for the round's end, one to open the upload, then one before each copy.
    first = copying(wire, rounds_end_after=len(SMALL) + 2)
    standing = first.copy(first.compare(RELEASE, BUCKET))
    assert standing.verdict is CopyVerdict.COPYING
    assert 0 < wire.requests["UploadPartCopy"] < 3

    again = copying(wire)
    standing = again.copy(again.compare(RELEASE, BUCKET, standing.source_digest))

    copies = {what: times for what, times in wire.requests.items() if what.startswith(_COPIES)}
    assert standing.verdict is CopyVerdict.COPIED
    assert stored(wire) == FILES
    assert (copies.pop("CopyObject"), copies.pop("UploadPartCopy")) == (len(SMALL), 3)
    assert set(copies.values()) == {1}


def test_a_crash_midway_is_gone_on_with_and_no_part_is_copied_twice(wire: Wire) -> None:
    wire.answers["CompleteMultipartUpload"] = (500, "InternalError")
    gateway = copying(wire)
    standing = gateway.copy(gateway.compare(RELEASE, BUCKET))
    wire.answers.clear()
    assert (standing.verdict, unfinished(wire)) == (CopyVerdict.COPYING, [f"{PREFIX}{LARGE}"])

    standing = gateway.copy(gateway.compare(RELEASE, BUCKET, standing.source_digest))

    assert standing.verdict is CopyVerdict.COPIED
    assert wire.requests["UploadPartCopy"] == 3


def test_a_half_done_upload_is_finished_from_where_it_is(wire: Wire) -> None:
    begun = wire.s3.create_multipart_upload(
        Bucket=BUCKET, Key=f"{PREFIX}{LARGE}", Metadata={"copied-from": etag(wire, LARGE)}
    )
    wire.s3.upload_part_copy(
        Bucket=BUCKET,
        Key=f"{PREFIX}{LARGE}",
        UploadId=begun["UploadId"],
        PartNumber=2,
        CopySource={"Bucket": SOURCE_BUCKET, "Key": f"exports/v7/{LARGE}"},
        CopySourceIfMatch=etag(wire, LARGE),
        CopySourceRange=f"bytes={PART_BYTES}-{2 * PART_BYTES - 1}",
    )
    wire.requests.clear()
    gateway = copying(wire)

    gateway.copy(gateway.compare(RELEASE, BUCKET))

    assert wire.requests["UploadPartCopy"] == 2
    assert stored(wire)[LARGE] == FILES[LARGE]


def etag(wire: Wire, path: str) -> str:
    return wire.s3.head_object(Bucket=SOURCE_BUCKET, Key=f"exports/v7/{path}")["ETag"].strip('"')


def test_a_source_that_changes_midway_refuses_the_release(wire: Wire) -> None:
    gateway = copying(wire)
    standing = gateway.compare(RELEASE, BUCKET)
    put_source(wire.s3, LARGE, FILES[LARGE][::-1])

    standing = gateway.copy(standing)
    gateway.abort(standing)

    (found,) = standing.reasons
    assert (found.code, found.subject) == ("copy.source-changed", f"{SOURCE}{LARGE}")
    assert LARGE not in stored(wire)
    assert unfinished(wire) == []


def test_another_upload_in_the_bucket_is_not_aborted(wire: Wire) -> None:
    wire.s3.create_multipart_upload(Bucket=BUCKET, Key=f"{PREFIX}other.bin")
    gateway = copying(wire)

    gateway.abort(gateway.compare(RELEASE, BUCKET))

    assert unfinished(wire) == [f"{PREFIX}other.bin"]


def test_every_missing_file_is_named_and_nothing_is_copied(wire: Wire) -> None:
    wire.s3.delete_object(Bucket=SOURCE_BUCKET, Key="exports/v7/config.json")
    wire.s3.delete_object(Bucket=SOURCE_BUCKET, Key=f"exports/v7/{LARGE}")

    standing = copying(wire).compare(RELEASE, BUCKET)

    assert standing.verdict is CopyVerdict.REJECTED
    assert [(r.code, r.subject) for r in standing.reasons] == [
        ("copy.file-missing", f"{SOURCE}config.json"),
        ("copy.file-missing", f"{SOURCE}{LARGE}"),
    ]
    assert stored(wire) == {}


def test_a_denied_source_says_what_to_allow(wire: Wire) -> None:
    wire.answers[f"HeadObject {SOURCE_BUCKET}"] = (403, "403")

    standing = copying(wire).compare(RELEASE, BUCKET)

    found = standing.reasons[0]
    assert (found.code, found.subject) == ("copy.access-denied", f"{SOURCE}config.json")
    assert "SourceBucketPattern" in found.remedy


def test_a_copy_that_is_denied_refuses_the_release(wire: Wire) -> None:
    wire.answers["UploadPartCopy"] = (403, "AccessDenied")
    gateway = copying(wire)

    standing = gateway.copy(gateway.compare(RELEASE, BUCKET))

    assert {found.code for found in standing.reasons} == {"copy.access-denied"}


def test_a_refused_release_is_not_finished(wire: Wire) -> None:
    wire.answers["CopyObject"] = (403, "AccessDenied")
    gateway = copying(wire)

    gateway.copy(gateway.compare(RELEASE, BUCKET))

    assert wire.requests["CompleteMultipartUpload"] == 0
    assert stored(wire) == {}


def test_a_bucket_that_does_not_exist_is_said_once(wire: Wire) -> None:
    release = RELEASE.model_copy(update={"source": "s3://nobody/"})

    (found,) = copying(wire).compare(release, BUCKET).reasons

    assert (found.code, found.subject) == ("copy.bucket-missing", "s3://nobody")


def test_a_source_of_another_size_than_released_is_refused(wire: Wire) -> None:
    put_source(wire.s3, "config.json", b"{} ")

    (found,) = copying(wire).compare(RELEASE, BUCKET).reasons

    assert (found.code, found.subject) == ("copy.size-differs", f"{SOURCE}config.json")


def test_a_copy_that_is_not_what_was_released_is_found_by_its_sha256(wire: Wire) -> None:
    put_source(wire.s3, "config.json", b"[]")
    gateway = copying(wire)

    standing = gateway.copy(gateway.compare(RELEASE, BUCKET))

    assert [found.code for found in standing.reasons] == ["copy.differs"]


def test_what_the_prefix_holds_is_not_overwritten(wire: Wire) -> None:
    wire.s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}config.json", Body=b"[]")

    standing = copying(wire).compare(RELEASE, BUCKET)

    assert [found.code for found in standing.reasons] == ["copy.differs"]
    assert stored(wire) == {"config.json": b"[]"}


def test_what_comes_while_it_is_copied_is_not_overwritten(wire: Wire) -> None:
    gateway = copying(wire)
    standing = gateway.compare(RELEASE, BUCKET)
    theirs = bytes(len(FILES[LARGE]))
    wire.s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}{LARGE}", Body=theirs)

    ended = gateway.copy(standing)

    assert [found.code for found in ended.reasons] == ["copy.differs"]
    assert stored(wire)[LARGE] == theirs


@pytest.mark.parametrize("call", ["CopyObject", "CompleteMultipartUpload"])
def test_a_copy_is_made_only_where_nothing_lies(wire: Wire, call: str) -> None:
    """The engines of these tests don't mind the header of a CopyObject; S3 does."""
    conditions: list[str] = []
    wire.s3.meta.events.register(
        f"before-call.s3.{call}",
        lambda params, **_: conditions.append(params["headers"].get("If-None-Match", "")),
    )
    gateway = copying(wire)

    gateway.copy(gateway.compare(RELEASE, BUCKET))

    assert set(conditions) == {"*"}


def test_an_archived_source_is_refused(wire: Wire) -> None:
    wire.s3.put_object(
        Bucket=SOURCE_BUCKET, Key="exports/v7/config.json", Body=b"{}", StorageClass="GLACIER"
    )

    (found,) = copying(wire).compare(RELEASE, BUCKET).reasons

    assert (found.code, found.subject) == ("copy.archived", f"{SOURCE}config.json")


def test_a_round_that_brings_nothing_is_stuck(wire: Wire) -> None:
    gateway = copying(wire, rounds_end_after=0)

    standing = gateway.copy(gateway.compare(RELEASE, BUCKET))

    (found,) = standing.reasons
    assert found.code == "copy.stuck"
    assert "4 of 4 files are still missing" in found.message


def test_a_passing_trouble_ends_a_round_that_brought_something(wire: Wire) -> None:
    wire.answers["UploadPartCopy"] = (503, "SlowDown")
    gateway = copying(wire)

    standing = gateway.copy(gateway.compare(RELEASE, BUCKET))

    assert (standing.verdict, set(stored(wire))) == (CopyVerdict.COPYING, set(SMALL))


def test_a_passing_trouble_alone_is_raised_so_that_it_is_tried_again(wire: Wire) -> None:
    wire.answers["CopyObject"] = wire.answers["UploadPartCopy"] = (503, "SlowDown")
    gateway = copying(wire)
    standing = gateway.compare(RELEASE, BUCKET)

    with pytest.raises(ClientError, match="SlowDown"):
        gateway.copy(standing)
