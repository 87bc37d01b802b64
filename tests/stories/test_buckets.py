"""The buckets in memory give the same answers as moto's S3 to all of Switchover's requests."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws
from tests.support.clients import plain_client
from tests.support.definition import NotModelled
from tests.support.s3 import S3

from switchover_local.twin.clock import SteppedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Call = tuple[str, Mapping[str, Any]]
    Calls = Callable[[list[dict[str, Any]]], Iterator[Call]]

_SHA256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="  # of "hello"
# Moto's clock and owners are its own; botocore takes the encoding off keys again.
_PASSED_OVER = frozenset(
    {"LastModified", "Initiated", "Owner", "Initiator", "EncodingType"}
    | {"MaxUploads", "KeyMarker", "UploadIdMarker", "Location", "Message", "NextContinuationToken"}
)


def _put(key: str, body: bytes, **more: Any) -> Call:
    return "put_object", {"Key": key, "Body": body, **more}


_VERSIONED: Call = (
    "put_bucket_versioning",
    {"VersioningConfiguration": {"Status": "Enabled"}},
)
_HELLO = _put("a/b", b"hello", ContentType="text/plain", Metadata={"sha256": "x"})
_PARTS = (b"x" * 5 * 1024**2, b"y")
_NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def _memory_client(clock: SteppedClock | None = None) -> Any:
    made = plain_client("s3")
    S3((clock or SteppedClock(_NOW)).now).answer_for(made)
    return made


def _play(s3: Any, calls: Calls) -> list[dict[str, Any]]:
    """Ask one call after the other; each may depend on the answers before."""
    s3.create_bucket(Bucket="models")
    answers: list[dict[str, Any]] = []
    for operation, asked in calls(answers):
        answers.append(_ask(s3, operation, {"Bucket": "models", **asked}))
    names = _Names()
    return [names.comparable(answer) for answer in answers]


def _ask(s3: Any, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = getattr(s3, operation)(**asked)
    except ClientError as error:
        return dict(error.response)
    return {**answer, "Body": answer["Body"].read()} if "Body" in answer else answer


class _Names:
    """Ids that S3 chooses, replaced by their order."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = defaultdict(count().__next__)

    def comparable(self, answer: Any) -> Any:
        """An answer without what S3 or moto chooses freely."""
        match answer:
            case {"ResponseMetadata": {"HTTPStatusCode": status}}:
                told = self.comparable({n: v for n, v in answer.items() if n != "ResponseMetadata"})
                return status, told
            case dict():
                kept = answer.items()
                return {n: self._named(n, v) for n, v in kept if n not in _PASSED_OVER}
            case list():
                return [self.comparable(one) for one in answer]
        return answer

    def _named(self, name: str, value: Any) -> Any:
        is_id = name.endswith(("VersionId", "UploadId", "VersionIdMarker")) and value
        return self._numbers[value] if is_id else self.comparable(value)


def _overwriting(answers: list[dict[str, Any]]) -> Iterator[Call]:
    yield _VERSIONED
    yield _HELLO
    first = answers[-1]["VersionId"]
    yield _put("a/b", b"hello", ChecksumAlgorithm="SHA256", ChecksumSHA256=_SHA256)
    yield "head_object", {"Key": "a/b"}
    yield "head_object", {"Key": "a/b", "ChecksumMode": "ENABLED"}
    yield "head_object", {"Key": "a/b", "ChecksumMode": "ENABLED", "VersionId": first}
    yield "get_object", {"Key": "a/b", "VersionId": first}
    yield "get_object", {"Key": "a/b"}
    yield "list_object_versions", {"Prefix": "a/"}
    yield "list_objects_v2", {}


def _without_versions(_: list[dict[str, Any]]) -> Iterator[Call]:
    yield _HELLO
    yield _put("a/b", b"other")
    yield "get_object", {"Key": "a/b"}
    yield "delete_object", {"Key": "a/b"}
    yield "head_object", {"Key": "a/b"}
    yield "list_objects_v2", {}


def _deleting(answers: list[dict[str, Any]]) -> Iterator[Call]:
    yield _VERSIONED
    yield _HELLO
    first = answers[-1]["VersionId"]
    yield "delete_object", {"Key": "a/b"}
    marker = answers[-1]["VersionId"]
    yield "get_object", {"Key": "a/b"}
    yield "head_object", {"Key": "a/b"}
    yield "head_object", {"Key": "a/b", "VersionId": marker}
    yield "get_object", {"Key": "a/b", "VersionId": first}
    yield "list_objects_v2", {}
    yield "list_object_versions", {}
    yield "delete_object", {"Key": "a/b", "VersionId": marker}
    yield "get_object", {"Key": "a/b"}
    yield "delete_object", {"Key": "a/b", "VersionId": first}
    yield "get_object", {"Key": "a/b", "VersionId": first}
    yield "head_object", {"Key": "a/b", "VersionId": first}
    yield "list_object_versions", {}


def _conditions(answers: list[dict[str, Any]]) -> Iterator[Call]:
    yield _put("a/b", b"1", IfMatch='"none"')
    yield _put("a/b", b"1", IfNoneMatch="*")
    etag = answers[-1]["ETag"]
    yield _put("a/b", b"2", IfNoneMatch="*")
    yield _put("a/b", b"2", IfMatch='"other"')
    yield "get_object", {"Key": "a/b", "IfMatch": etag}
    yield "get_object", {"Key": "a/b", "IfMatch": '"other"'}
    yield "head_object", {"Key": "a/b", "IfMatch": '"other"'}
    yield _put("a/b", b"2", IfMatch=etag)
    yield "get_object", {"Key": "a/b"}


def _ranges(_: list[dict[str, Any]]) -> Iterator[Call]:
    yield _HELLO
    yield "get_object", {"Key": "a/b", "Range": "bytes=0-0"}
    yield "get_object", {"Key": "a/b", "Range": "bytes=1-3"}
    yield "get_object", {"Key": "a/b", "Range": "bytes=1-99"}
    yield "get_object", {"Key": "a/b", "Range": "bytes=2-"}
    yield "get_object", {"Key": "a/b", "Range": "bytes=5-9"}


def _listing(answers: list[dict[str, Any]]) -> Iterator[Call]:
    yield _VERSIONED
    yield _put("a/b/c", b"1")
    yield _put("a/d", b"2")
    yield _put("a/é f", b"3")
    yield _put("a/b/e", b"4")
    yield _put("a/d", b"5", ChecksumAlgorithm="SHA256")
    yield _put("z", b"6")
    yield "list_objects_v2", {"Prefix": "a/"}
    yield "list_objects_v2", {"Prefix": "a/", "Delimiter": "/"}
    yield "list_objects_v2", {"Delimiter": "/"}
    yield "list_objects_v2", {"Prefix": "nothing"}
    yield "list_objects_v2", {"MaxKeys": 2}
    yield "list_objects_v2", {"ContinuationToken": answers[-1]["NextContinuationToken"]}
    yield "list_object_versions", {"MaxKeys": 3, "Prefix": "a/"}
    after = {"KeyMarker": answers[-1]["NextKeyMarker"]}
    yield (
        "list_object_versions",
        {"Prefix": "a/", "VersionIdMarker": answers[-1]["NextVersionIdMarker"], **after},
    )


def _copying(_: list[dict[str, Any]]) -> Iterator[Call]:
    yield _VERSIONED
    yield _HELLO
    yield "copy_object", {"Key": "c", "CopySource": {"Bucket": "models", "Key": "a/b"}}
    yield "head_object", {"Key": "c", "ChecksumMode": "ENABLED"}
    yield (
        "copy_object",
        {
            "Key": "d",
            "CopySource": {"Bucket": "models", "Key": "a/b"},
            "CopySourceIfMatch": "5d41402abc4b2a76b9719d911017c592",
            "ChecksumAlgorithm": "SHA256",
            "MetadataDirective": "REPLACE",
            "Metadata": {"copied-from": "x"},
            "TaggingDirective": "REPLACE",
            "IfNoneMatch": "*",
        },
    )
    yield "head_object", {"Key": "d", "ChecksumMode": "ENABLED"}
    yield "copy_object", {"Key": "c", "CopySource": {"Bucket": "models", "Key": "gone"}}
    yield "copy_object", {"Key": "c", "CopySource": {"Bucket": "no-such", "Key": "a/b"}}


def _parts(answers: list[dict[str, Any]]) -> Iterator[Call]:
    yield _VERSIONED
    yield "create_multipart_upload", {"Key": "big", "Metadata": {"sha256": "x"}}
    upload = {"Key": "big", "UploadId": answers[-1]["UploadId"]}
    yield "list_multipart_uploads", {"Prefix": "b"}
    yield "list_multipart_uploads", {"Prefix": "c"}
    yield "upload_part", {**upload, "PartNumber": 1, "Body": _PARTS[0]}
    first = {"PartNumber": 1, "ETag": answers[-1]["ETag"]}
    yield "upload_part", {**upload, "PartNumber": 2, "Body": _PARTS[1]}
    second = {"PartNumber": 2, "ETag": answers[-1]["ETag"]}
    yield (
        "complete_multipart_upload",
        {**upload, "MultipartUpload": {"Parts": [first, {**second, "ETag": '"other"'}]}},
    )
    yield "complete_multipart_upload", {**upload, "MultipartUpload": {"Parts": [first, second]}}
    yield "head_object", {"Key": "big"}
    yield "list_multipart_uploads", {}


def _elsewhere(_: list[dict[str, Any]]) -> Iterator[Call]:
    elsewhere = {"Bucket": "no-such"}
    yield "get_object", {"Key": "a/b", **elsewhere}
    yield "list_objects_v2", elsewhere
    yield "put_object", {"Key": "a/b", "Body": b"", **elsewhere}
    yield "get_object", {"Key": "none"}
    yield "get_object", {"Key": "none", "VersionId": "none"}
    yield "head_object", {"Key": "none"}


def _settings(_: list[dict[str, Any]]) -> Iterator[Call]:
    blocks = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
    blocks |= {"BlockPublicPolicy": True, "RestrictPublicBuckets": False}
    yield "get_bucket_versioning", {}
    yield "get_bucket_policy", {}
    yield "get_public_access_block", {}
    yield "get_bucket_notification_configuration", {}
    yield _VERSIONED
    yield "get_bucket_versioning", {}
    yield "put_bucket_policy", {"Policy": '{"Statement": []}'}
    yield "get_bucket_policy", {}
    yield "put_public_access_block", {"PublicAccessBlockConfiguration": blocks}
    yield "get_public_access_block", {}


@pytest.mark.parametrize(
    "calls",
    [
        _settings,
        _overwriting,
        _without_versions,
        _deleting,
        _conditions,
        _ranges,
        _listing,
        _copying,
        _parts,
        _elsewhere,
    ],
)
def test_each_answer_is_moto_s(calls: Calls) -> None:
    in_memory = _play(_memory_client(), calls)
    with mock_aws():
        assert in_memory == _play(plain_client("s3"), calls)


def test_a_wrong_checksum_is_refused_as_moto_does_not() -> None:
    s3 = _memory_client()
    s3.create_bucket(Bucket="models")
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(
            Bucket="models",
            Key="a",
            Body=b"other",
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=_SHA256,
        )


def test_a_deletion_marker_cannot_be_read_which_moto_does_not_tell_from_nothing() -> None:
    # Source: S3 User Guide, "Working with delete markers": 405 Method Not Allowed.
    s3 = _memory_client()
    s3.create_bucket(Bucket="models")
    s3.put_bucket_versioning(Bucket="models", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="models", Key="a", Body=b"")
    marker = s3.delete_object(Bucket="models", Key="a")["VersionId"]
    with pytest.raises(ClientError, match="MethodNotAllowed"):
        s3.get_object(Bucket="models", Key="a", VersionId=marker)


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("get_object", {"Key": "a", "IfNoneMatch": '"x"', "ResponseCacheControl": "none"}),
        ("get_object", {"Key": "a", "Range": "bytes=-3"}),
        ("put_object", {"Key": "a", "Body": b"", "ChecksumAlgorithm": "SHA1"}),
        ("get_object_tagging", {"Key": "a"}),
    ],
)
def test_what_is_not_modelled_is_no_answer(operation: str, asked: Mapping[str, Any]) -> None:
    s3 = _memory_client()
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="a", Body=b"hello")
    with pytest.raises(NotModelled):
        getattr(s3, operation)(Bucket="models", **asked)


def test_times_are_the_clock_s() -> None:
    clock = SteppedClock(_NOW)
    s3 = _memory_client(clock)
    s3.create_bucket(Bucket="models")
    clock.advance(90)
    s3.put_object(Bucket="models", Key="a", Body=b"")
    assert s3.head_object(Bucket="models", Key="a")["LastModified"] == clock.now()


@pytest.mark.parametrize(
    "asked",
    [
        {"Bucket": "models"},
        {"Bucket": "models", "Key": 3},
        {"Bucket": "models", "Key": "a", "Unknown": "b"},
        {"Bucket": "not a bucket", "Key": "a"},
    ],
)
def test_botocore_validates_a_call_before_the_memory_answers(asked: dict[str, Any]) -> None:
    """No request is written for memory; botocore's validator and handlers still run."""
    with pytest.raises(ParamValidationError):
        _memory_client().get_object(**asked)
