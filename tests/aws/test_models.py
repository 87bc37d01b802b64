"""A release is checked in S3 by a few small reads; a refusal of S3 is a reason."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from switchover.aws.release_files import ReleaseFiles
from switchover.domain.release import LIMITS, Release
from switchover_local.checkpoint import write_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

BUCKET = "models"
PREFIX = "models/chat/7/"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("sound")
    write_checkpoint(folder, seed=1)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def release(contents: dict[str, bytes]) -> Release:
    return describe(contents)


def describe(contents: dict[str, bytes]) -> Release:
    return Release.model_validate(
        {
            "schema": 1,
            "endpoint": "chat",
            "model": {"name": "qwen", "version": "7"},
            "prefix": PREFIX,
            "files": tuple(
                {"path": path, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
                for path, raw in contents.items()
            ),
        }
    )


def put(s3: S3Client, path: str, content: bytes, metadata: str = "") -> None:
    s3.put_object(
        Bucket=BUCKET,
        Key=f"{PREFIX}{path}",
        Body=content,
        ChecksumAlgorithm="CRC32" if metadata else "SHA256",
        Metadata={"sha256": metadata} if metadata else {},
    )


@pytest.fixture
def stored(s3: S3Client, contents: dict[str, bytes]) -> S3Client:
    for path, content in contents.items():
        put(s3, path, content)
    return s3


def test_a_sound_release_gives_no_reason(stored: S3Client, release: Release) -> None:
    inspection = ReleaseFiles(stored).inspect(release, BUCKET)

    assert (inspection.reasons, inspection.unchecked) == ((), ())


def test_validation_never_reads_weights(
    stored: S3Client, release: Release, contents: dict[str, bytes]
) -> None:
    ranges: list[str] = []
    stored.meta.events.register(
        "before-call.s3.GetObject",
        lambda params, **_: ranges.append(params["headers"].get("Range", "everything")),
    )

    ReleaseFiles(stored).validate(release, BUCKET)

    shards = sum(1 for path in contents if path.endswith(".safetensors"))
    assert ranges.count("bytes=0-65535") == shards
    assert "everything" not in ranges


def test_a_header_longer_than_the_first_read_is_fetched_whole(s3: S3Client) -> None:
    names = ",".join(
        f'"tensor.with.a.long.name.{n}":{{"dtype":"U8","shape":[1],"data_offsets":[{n},{n + 1}]}}'
        for n in range(2_000)
    )
    header = f"{{{names}}}".encode()
    weights = len(header).to_bytes(8, "little") + header + bytes(2_000)
    files = {"model.safetensors": weights, "config.json": b'{"architectures": ["Novel"]}'}
    put(s3, "model.safetensors", weights)
    put(s3, "config.json", files["config.json"])

    assert len(header) > 64 * 1024
    assert ReleaseFiles(s3).validate(describe(files), BUCKET) == ()


def test_a_missing_file_is_named_with_its_place(stored: S3Client, release: Release) -> None:
    stored.delete_object(Bucket=BUCKET, Key=f"{PREFIX}model-00002-of-00004.safetensors")

    (reason,) = ReleaseFiles(stored).validate(release, BUCKET)

    assert reason.code == "model.file-missing"
    assert reason.subject == "model-00002-of-00004.safetensors"
    assert "it isn't in s3://models/models/chat/7/" in reason.message


def test_a_file_of_another_size_is_named_with_both_sizes(
    stored: S3Client, release: Release, contents: dict[str, bytes]
) -> None:
    size = len(contents["generation_config.json"])
    put(stored, "generation_config.json", contents["generation_config.json"] + b"\n")

    (reason,) = ReleaseFiles(stored).validate(release, BUCKET)

    assert reason.code == "model.size-differs"
    assert reason.subject == "generation_config.json"
    assert f"release.json says {size} bytes, stored is {size + 1}" in reason.message


def test_a_file_of_another_content_is_named_with_both_digests(
    stored: S3Client, release: Release, contents: dict[str, bytes]
) -> None:
    shard = contents["model-00001-of-00004.safetensors"]
    other = shard[:-1] + bytes([shard[-1] ^ 1])
    put(stored, "model-00001-of-00004.safetensors", other)

    (reason,) = ReleaseFiles(stored).validate(release, BUCKET)

    assert reason.code == "model.checksum-differs"
    assert hashlib.sha256(shard).hexdigest() in reason.message
    assert hashlib.sha256(other).hexdigest() in reason.message


def test_where_s3_has_no_whole_digest_the_uploaders_is_compared(
    stored: S3Client, release: Release, contents: dict[str, bytes]
) -> None:
    put(stored, "config.json", contents["config.json"], metadata="0" * 64)

    (reason,) = ReleaseFiles(stored).validate(release, BUCKET)

    assert reason.code == "model.checksum-differs"


def test_a_composite_checksum_is_not_taken_for_the_contents_digest(
    stored: S3Client, release: Release, contents: dict[str, bytes]
) -> None:
    path = "model-00001-of-00004.safetensors"
    key = f"{PREFIX}{path}"
    upload = stored.create_multipart_upload(Bucket=BUCKET, Key=key, ChecksumAlgorithm="SHA256")
    part = stored.upload_part(
        Bucket=BUCKET,
        Key=key,
        UploadId=upload["UploadId"],
        PartNumber=1,
        Body=contents[path],
        ChecksumAlgorithm="SHA256",
    )
    stored.complete_multipart_upload(
        Bucket=BUCKET,
        Key=key,
        UploadId=upload["UploadId"],
        MultipartUpload={
            "Parts": [
                {"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}
            ]
        },
    )

    inspection = ReleaseFiles(stored).inspect(release, BUCKET)

    assert inspection.reasons == ()
    assert inspection.unchecked == (
        f"{path}: S3 holds no SHA-256 of this file, so none was compared.",
    )


def test_a_file_that_no_release_lists_is_refused(stored: S3Client, release: Release) -> None:
    put(stored, "notes.txt", b"x")

    (reason,) = ReleaseFiles(stored).validate(release, BUCKET)

    assert reason.code == "model.unexpected-file"
    assert reason.subject == "notes.txt"


def test_the_release_may_lie_beside_its_files(stored: S3Client, release: Release) -> None:
    put(stored, "release.json", b"{}")

    assert ReleaseFiles(stored).validate(release, BUCKET) == ()


@pytest.mark.parametrize("folder", ["", "tokenizer/"])
def test_a_folder_key_of_the_console_is_refused(
    stored: S3Client, release: Release, folder: str
) -> None:
    put(stored, folder, b"")

    (reason,) = ReleaseFiles(stored).validate(release, BUCKET)

    assert reason.code == "model.empty-folder-key"
    assert reason.subject == f"s3://models/models/chat/7/{folder}"


def test_an_empty_prefix_says_which_files_are_missing(s3: S3Client, release: Release) -> None:
    reasons = ReleaseFiles(s3).validate(release, BUCKET)

    missing = [reason for reason in reasons if reason.code == "model.file-missing"]
    assert {reason.subject for reason in missing} >= {"config.json"}


def test_a_missing_bucket_is_a_reason(s3: S3Client, release: Release) -> None:
    (reason,) = ReleaseFiles(s3).validate(release, "elsewhere")

    assert reason.code == "model.bucket-missing"
    assert reason.subject == "s3://elsewhere"


def test_a_prefix_that_may_not_be_listed_is_a_reason(s3: S3Client, release: Release) -> None:
    with Stubber(s3) as stub:
        stub.add_client_error("list_objects_v2", "AccessDenied", http_status_code=403)
        (reason,) = ReleaseFiles(s3).validate(release, BUCKET)

    assert reason.code == "model.access-denied"
    assert reason.subject == "s3://models/models/chat/7/"
    assert "s3:ListBucket" in reason.remedy


def test_a_file_that_may_not_be_read_is_one_reason(stored: S3Client, release: Release) -> None:
    refuse(stored, "config.json", "AccessDenied")

    (reason,) = ReleaseFiles(stored).validate(release, BUCKET)

    assert reason.code == "model.access-denied"
    assert reason.subject == "config.json"


def test_an_archived_file_is_a_reason(stored: S3Client, release: Release) -> None:
    refuse(stored, "tokenizer.json", "InvalidObjectState")

    (reason,) = ReleaseFiles(stored).validate(release, BUCKET)

    assert reason.code == "model.unreadable"
    assert "InvalidObjectState" in reason.message


def test_a_throttled_read_is_not_mistaken_for_a_bad_model(
    stored: S3Client, release: Release
) -> None:
    refuse(stored, "tokenizer.json", "SlowDown")

    with pytest.raises(ClientError, match="SlowDown"):
        ReleaseFiles(stored).validate(release, BUCKET)


def refuse(s3: S3Client, path: str, code: str) -> None:
    """Let S3 answer every read of one file with an error, as a bucket policy would."""

    def answer(params: dict[str, str], **_: object) -> None:
        if params["Key"] == f"{PREFIX}{path}":
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")

    s3.meta.events.register("provide-client-params.s3.GetObject", answer)
    s3.meta.events.register("provide-client-params.s3.HeadObject", answer)


def test_a_release_is_read_as_it_was_at_its_version(s3: S3Client) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key="release.json", Body=b"first")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="release.json", Body=b"second")

    assert ReleaseFiles(s3).read_release(BUCKET, "release.json", first) == b"first"
    assert ReleaseFiles(s3).read_release(BUCKET, "release.json") == b"second"


@pytest.mark.parametrize(
    ("bucket", "code"), [(BUCKET, "model.file-missing"), ("elsewhere", "model.bucket-missing")]
)
def test_a_missing_release_is_a_reason(s3: S3Client, bucket: str, code: str) -> None:
    answer = ReleaseFiles(s3).read_release(bucket, "release.json")

    assert isinstance(answer, tuple)
    assert [reason.code for reason in answer] == [code]


def test_a_release_that_is_no_small_text_is_refused(s3: S3Client) -> None:
    s3.put_object(Bucket=BUCKET, Key="release.json", Body=bytes(LIMITS.bytes + 1))

    answer = ReleaseFiles(s3).read_release(BUCKET, "release.json")

    assert isinstance(answer, tuple)
    assert [reason.code for reason in answer] == ["release.too-large"]
