"""File versions are listed, stored completely in the ledger, and compared without reading any file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.support.ledger_table import TABLE, create_table
from tests.support.samples import BUCKET, amend_plan, plan, release, update

from switchover.aws.files import Files
from switchover.aws.manifests import FILES, Manifests
from switchover.aws.model_files import ModelFiles, find_changes
from switchover.aws.objects import PrefixReader
from switchover.checkpoint.reading import StoredFile
from switchover.domain.manifest import Manifest, ModelFile, ObjectVersion
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ID = "chat-v2-0a1b2c3d"
PREFIX = "models/chat/v2/"


@pytest.fixture(params=["Enabled", "Suspended", None], ids=["versions", "suspended", "none"])
def s3(aws: None, request: pytest.FixtureRequest) -> S3Client:
    """A bucket that keeps versions, kept them once, or never did."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    if request.param:
        status = {"Status": request.param}
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=status)  # type: ignore[arg-type]
    return client


@pytest.fixture
def manifests(aws: None) -> Manifests:
    client = boto3.client("dynamodb", region_name="us-east-1")
    create_table(client, TABLE)
    return Manifests(client, TABLE)


def put(s3: S3Client, path: str, body: bytes, **more: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}{path}", Body=body, **more)


def listed(s3: S3Client) -> tuple[ModelFile, ...]:
    found = ModelFiles(s3).list_versions(BUCKET, PREFIX)
    assert not isinstance(found, Reason), found
    return found


def codes(s3: S3Client, manifests: Manifests, checked: Manifest) -> list[str]:
    made = amend_plan(plan(4), files_digest=checked.digest)
    asked = update(update_id=ID, release=release(prefix=PREFIX), bucket=BUCKET)
    found = find_changes(asked, made, made.digest, manifests, ModelFiles(s3))
    return [reason.code for reason in found]


def keep(s3: S3Client, manifests: Manifests) -> Manifest:
    files = ModelFiles(s3).with_checksums(BUCKET, PREFIX, listed(s3))
    manifests.keep(ID, FILES, Manifest(files))
    return Manifest(files)


# The ledger


@pytest.mark.long
def test_ten_thousand_files_with_the_longest_names_are_kept_whole(manifests: Manifests) -> None:
    files = tuple(
        ModelFile(f"{number:05}{'é' * 450}", number, f"{number:032x}", f"{number:032x}", "c" * 50)
        for number in range(10_000)
    )
    manifest = Manifest(files)

    manifests.keep(ID, FILES, manifest)

    assert manifests.read(ID, FILES, manifest.digest) == manifest


def test_no_files_at_all_are_a_manifest_too(manifests: Manifests) -> None:
    manifests.keep(ID, FILES, Manifest(()))

    assert manifests.read(ID, FILES, Manifest(()).digest) == Manifest(())


def test_another_record_than_the_plan_was_made_with_is_none(manifests: Manifests) -> None:
    manifests.keep(ID, FILES, Manifest((ModelFile("a", 1, "e"),)))

    assert manifests.read(ID, FILES, Manifest((ModelFile("b", 1, "e"),)).digest) is None
    assert manifests.read("another", FILES, Manifest(()).digest) is None


# Files in every kind of bucket


def test_what_stays_is_the_same(s3: S3Client, manifests: Manifests) -> None:
    put(s3, "config.json", b"{}")
    checked = keep(s3, manifests)

    assert codes(s3, manifests, checked) == []


@pytest.mark.parametrize("checksum", [{}, {"ChecksumAlgorithm": "SHA256"}], ids=["bare", "sha256"])
def test_other_bytes_of_one_size_are_found(
    s3: S3Client, manifests: Manifests, checksum: dict[str, str]
) -> None:
    put(s3, "weights.bin", b"good", **checksum)
    checked = keep(s3, manifests)

    put(s3, "weights.bin", b"evil", **checksum)

    assert codes(s3, manifests, checked) == ["model.changed-since-checked"]


def test_the_same_bytes_again_are_no_change_where_s3_has_their_sha256(
    s3: S3Client, manifests: Manifests
) -> None:
    put(s3, "weights.bin", b"good", ChecksumAlgorithm="SHA256")
    checked = keep(s3, manifests)

    put(s3, "weights.bin", b"good", ChecksumAlgorithm="SHA256")

    assert codes(s3, manifests, checked) == []


def test_a_record_that_is_gone_refuses(s3: S3Client, manifests: Manifests) -> None:
    put(s3, "config.json", b"{}")
    checked = Manifest(listed(s3))

    assert codes(s3, manifests, checked) == ["model.record-lost"]


def test_old_versions_and_deleted_files_are_not_listed(s3: S3Client) -> None:
    put(s3, "config.json", b"old")
    put(s3, "config.json", b"{}")
    put(s3, "gone.bin", b"x")
    s3.delete_object(Bucket=BUCKET, Key=f"{PREFIX}gone.bin")

    assert [(file.path, file.bytes) for file in listed(s3)] == [("config.json", 2)]


def test_a_neighbouring_prefix_is_not_listed(s3: S3Client) -> None:
    put(s3, "config.json", b"{}")
    s3.put_object(Bucket=BUCKET, Key="models/chat/v20/config.json", Body=b"{}")

    assert [file.path for file in listed(s3)] == ["config.json"]


# Validation reads what was listed


def test_what_is_written_over_while_it_is_checked_is_not_what_is_checked(s3: S3Client) -> None:
    """Else a bad version would be recorded, a good one checked, and the good one destroyed."""
    put(s3, "config.json", b"listed")
    [before] = listed(s3)
    put(s3, "config.json", b"later!")
    reader = PrefixReader(s3, BUCKET, PREFIX, {"config.json": before.version})

    read = reader.read("config.json", 0, 6)
    _, fault, _ = reader.add_sha256(StoredFile("config.json", 6))

    faults = [entry.code for entry in (read, fault) if isinstance(entry, Reason)]
    assert read == b"listed" if before.version_id else faults == ["model.file-changed"] * 2


# One file in one version


def test_a_version_is_read_though_it_was_written_over(s3: S3Client) -> None:
    files = Files(s3)
    s3.put_object(Bucket=BUCKET, Key="policies/chat.yaml", Body=b"tier: production")
    version = files.find_version(BUCKET, "policies/chat.yaml")
    s3.put_object(Bucket=BUCKET, Key="policies/chat.yaml", Body=b"tier: critical")

    found = files.read_version(BUCKET, "policies/chat.yaml", version, 1024)

    # In a bucket without versions the old file is lost; the new file must not be used instead.
    assert found == (b"tier: production" if version.version_id else None)


def test_where_no_file_was_none_is_read_though_there_is_one_now(s3: S3Client) -> None:
    files = Files(s3)
    version = files.find_version(BUCKET, "policies/chat.yaml")
    s3.put_object(Bucket=BUCKET, Key="policies/chat.yaml", Body=b"tier: critical")

    assert version == ObjectVersion()
    assert files.read_version(BUCKET, "policies/chat.yaml", version, 1024) is None
    assert files.policy_file(BUCKET, "chat", version) is None
