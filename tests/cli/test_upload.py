"""An upload checks first, sends with checksums, and writes `release.json` last."""

from __future__ import annotations

import json
import os
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.support.s3_fake import Bucket, fail_times, serve_s3
from tests.support.samples import release_json

from switchover.aws.release_files import ReleaseFiles
from switchover.domain.bounded import Limits
from switchover.domain.reasons import Reason
from switchover.domain.release import Release, parse_release
from switchover_cli.upload.uploading import (
    Progress,
    Step,
    UploadOutcome,
    UploadReport,
    upload_release,
)
from switchover_local.checkpoint import remove_shard, write_checkpoint

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest
    from mypy_boto3_s3 import S3Client

BUCKET = "models"
RELEASE = "releases/chat/7/release.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "qwen"
    write_checkpoint(folder, seed=1)
    return folder


def upload(folder: Path, s3: S3Client, **more: object) -> UploadReport:
    wanted = {"endpoint": "chat", "version": "7", "bucket": BUCKET} | more
    return upload_release(folder, s3=s3, **wanted)  # type: ignore[arg-type]


def make_deep(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nest folders until their path is longer than the system takes at once."""
    monkeypatch.chdir(folder)
    for _ in range(17):
        Path("d" * 250).mkdir()
        os.chdir("d" * 250)


def keys(s3: S3Client) -> set[str]:
    return {item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())}


def codes(report: UploadReport) -> list[str]:
    return [reason.code for reason in report.reasons]


def puts(s3: S3Client) -> list[str]:
    """The keys in the order in which they are written from now on."""
    written: list[str] = []

    def note(request: AWSPreparedRequest, **_: object) -> None:
        if request.method == "PUT":
            written.append(urlsplit(request.url).path.removeprefix("/"))

    s3.meta.events.register_first("before-send.s3.PutObject", note)
    return written


def test_an_uploaded_release_passes_the_validation_of_the_bucket(
    s3: S3Client, folder: Path
) -> None:
    report = upload(folder, s3)

    release = parse_release(s3.get_object(Bucket=BUCKET, Key=RELEASE)["Body"].read(), RELEASE)
    assert report.outcome is UploadOutcome.SENT
    assert report.release_uri == f"s3://{BUCKET}/{RELEASE}"
    assert release == report.release
    assert isinstance(release, Release)
    assert ReleaseFiles(s3).inspect(release, BUCKET).unchecked == ()
    assert ReleaseFiles(s3).validate(release, BUCKET) == ()


def test_the_release_says_what_was_asked_for(s3: S3Client, folder: Path) -> None:
    upload(
        folder,
        s3,
        name="Qwen",
        start="low-peak",
        policy={"strategy": "rolling"},
    )

    content = json.loads(s3.get_object(Bucket=BUCKET, Key=RELEASE)["Body"].read())
    assert {key: content[key] for key in content if key != "files"} == {
        "schema": 1,
        "endpoint": "chat",
        "model": {"name": "Qwen", "version": "7"},
        "prefix": "models/chat/7/",
        "start": "low-peak",
        "policy": {"strategy": "rolling"},
    }


def test_the_release_is_written_last(s3: S3Client, folder: Path) -> None:
    written = puts(s3)

    upload(folder, s3)

    assert len(written) == len(list(folder.iterdir())) + 1
    assert written[-1] == RELEASE


def test_progress_tells_every_byte_of_every_file(s3: S3Client, folder: Path) -> None:
    told: dict[tuple[str, Step], int] = defaultdict(int)

    def note(progress: Progress) -> None:
        told[progress.path, progress.step] += progress.advanced_bytes

    upload(folder, s3, on_progress=note)

    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert told == {
        (path, step): size for path, size in sizes.items() for step in (Step.READ, Step.SENT)
    }


def test_a_broken_folder_is_refused_with_every_reason_and_nothing_is_sent(
    s3: S3Client, folder: Path
) -> None:
    remove_shard(folder, 1)
    (folder / "tokenizer.json").unlink()

    report = upload(folder, s3)

    assert report.outcome is UploadOutcome.REFUSED
    assert set(codes(report)) == {"model.index-disagrees", "model.no-tokenizer"}
    assert keys(s3) == set()


def test_faults_of_the_release_and_of_the_model_are_said_together(
    s3: S3Client, folder: Path
) -> None:
    (folder / "tokenizer.json").unlink()

    report = upload(folder, s3, endpoint="not valid", start="soon", version="a/b")

    assert "model.no-tokenizer" in codes(report)
    subjects = {reason.subject for reason in report.reasons}
    assert {"release.json: endpoint", "release.json: model.version"} <= subjects
    assert any(subject.startswith("release.json: start") for subject in subjects)


def test_an_empty_folder_is_refused(s3: S3Client, tmp_path: Path) -> None:
    (tmp_path / ".cache").mkdir()

    assert upload(tmp_path, s3).reasons == (
        Reason(
            code="model.folder-empty",
            subject=str(tmp_path),
            message="holds no file to upload (1 left out).",
            remedy="Download the model into a plain folder: links into a cache are not followed.",
        ),
    )


def test_a_folder_of_more_files_than_a_release_may_have_is_refused(
    s3: S3Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchover_cli.upload.folder.MOST_FILES", 100)
    for number in range(101):
        (tmp_path / str(number)).touch()

    assert upload(tmp_path, s3).reasons == (
        Reason(
            code="model.unexpected-file",
            subject=str(tmp_path),
            message="holds 101 files, more than the 100 of a release.",
            remedy="Name the folder that holds the model alone.",
        ),
    )


def test_a_release_that_would_be_too_long_to_read_is_refused_before_a_byte_is_sent(
    s3: S3Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchover_cli.upload.offer.LIMITS", Limits(bytes=1_000))

    report = upload(folder, s3)

    assert codes(report) == ["release.too-large"]
    assert keys(s3) == set()


def test_overrides_that_the_arrival_would_be_refused_for_are_refused_before_a_byte_is_sent(
    s3: S3Client, folder: Path
) -> None:
    report = upload(folder, s3, policy={"note": [0] * 20_001})

    assert codes(report) == ["release.not-json"]
    assert keys(s3) == set()


def test_a_folder_that_the_system_does_not_list_is_refused(
    s3: S3Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No path of more than 4096 bytes can be listed, not by root either.
    make_deep(folder, monkeypatch)

    (reason,) = upload(folder, s3).reasons

    assert (reason.code, reason.message) == (
        "model.unreadable",
        "can't be read: File name too long.",
    )


def test_a_folder_that_is_not_there_is_refused(s3: S3Client, tmp_path: Path) -> None:
    assert codes(upload(tmp_path / "nowhere", s3)) == ["model.folder-missing"]


def test_what_does_not_belong_to_the_model_is_left_out_and_named(
    s3: S3Client, folder: Path
) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref")
    (folder / "__pycache__").mkdir()
    (folder / "linked.safetensors").symlink_to("/etc/hostname")
    (folder / "release.json").write_text("{}")
    os.mkfifo(folder / "pipe")
    (folder / os.fsdecode(b"not-utf8-\xff")).write_text("x")

    report = upload(folder, s3)

    assert report.outcome is UploadOutcome.SENT
    assert {left.path: left.why for left in report.left_out} == {
        ".git": "hidden",
        "__pycache__": "a cache",
        "linked.safetensors": "a link, which may lead out of the folder",
        "release.json": "a release, which the upload writes itself",
        "pipe": "not a regular file",
        r"'not-utf8-\udcff'": "a name that is not UTF-8",
    }


@pytest.mark.parametrize("path", ["sub/release.json", "a/b/c/release.json"])
def test_a_release_inside_the_model_is_refused_before_anything_is_sent(
    s3: S3Client, folder: Path, path: str
) -> None:
    (folder / path).parent.mkdir(parents=True)
    (folder / path).write_bytes(release_json(endpoint="search"))

    report = upload(folder, s3)

    assert [reason.subject for reason in report.reasons] == [path]
    assert codes(report) == ["model.release-inside"]
    assert keys(s3) == set()


@pytest.mark.parametrize("name", ["Release.json", "my-release.json", "release.json.txt"])
def test_a_file_that_is_only_nearly_named_so_is_sent(s3: S3Client, folder: Path, name: str) -> None:
    """Keys of S3 and patterns of EventBridge tell upper from lower case."""
    (folder / "sub").mkdir()
    (folder / "sub" / name).write_text("{}")

    upload(folder, s3)

    assert f"models/chat/7/sub/{name}" in keys(s3)


def test_files_in_folders_keep_their_place(s3: S3Client, folder: Path) -> None:
    (folder / "assets").mkdir()
    (folder / "assets" / "license.txt").write_text("free")

    upload(folder, s3)

    assert "models/chat/7/assets/license.txt" in keys(s3)


def test_the_same_upload_again_changes_nothing_and_says_so(s3: S3Client, folder: Path) -> None:
    first = upload(folder, s3)
    written = puts(s3)

    again = upload(folder, s3)

    assert again.outcome is UploadOutcome.UNCHANGED
    assert again.release == first.release
    assert written == []


def test_a_release_of_which_an_object_is_gone_is_not_called_unchanged(
    s3: S3Client, folder: Path
) -> None:
    upload(folder, s3)
    s3.delete_object(Bucket=BUCKET, Key="models/chat/7/config.json")

    report = upload(folder, s3)

    assert report.outcome is UploadOutcome.REFUSED
    assert [(r.code, r.subject) for r in report.reasons] == [("model.file-missing", "config.json")]


def test_a_release_of_which_an_object_has_another_size_is_not_called_unchanged(
    s3: S3Client, folder: Path
) -> None:
    upload(folder, s3)
    s3.put_object(Bucket=BUCKET, Key="models/chat/7/config.json", Body=b"{}")

    report = upload(folder, s3)

    assert report.outcome is UploadOutcome.REFUSED
    assert [(r.code, r.subject) for r in report.reasons] == [("model.size-differs", "config.json")]


def test_a_version_never_changes_its_content(s3: S3Client, folder: Path) -> None:
    upload(folder, s3)
    written = puts(s3)
    (folder / "generation_config.json").write_text('{"eos_token_id": 1}')

    report = upload(folder, s3)

    assert codes(report) == ["release.version-taken"]
    assert "new version" in report.reasons[0].remedy
    assert written == []


def test_two_uploads_of_one_version_at_once_leave_one_release(s3: S3Client, folder: Path) -> None:
    def overtake(params: dict[str, str], **_: object) -> None:
        if params.get("IfNoneMatch") and params["Key"] == RELEASE:
            s3.put_object(Bucket=BUCKET, Key=RELEASE, Body=b"the other one")

    s3.meta.events.register("before-parameter-build.s3.PutObject", overtake)

    report = upload(folder, s3)

    assert codes(report) == ["release.version-taken"]
    assert s3.get_object(Bucket=BUCKET, Key=RELEASE)["Body"].read() == b"the other one"


def test_an_interrupted_upload_sends_only_what_is_not_there(s3: S3Client, folder: Path) -> None:
    upload(folder, s3)
    s3.delete_object(Bucket=BUCKET, Key=RELEASE)
    s3.delete_object(Bucket=BUCKET, Key="models/chat/7/config.json")
    s3.delete_object(Bucket=BUCKET, Key="models/chat/7/tokenizer.json")

    report = upload(folder, s3)

    assert report.outcome is UploadOutcome.SENT
    assert set(report.sent) == {"config.json", "tokenizer.json"}
    assert len(report.already_there) == len(list(folder.iterdir())) - 2


def test_strangers_in_the_prefix_are_refused_before_anything_is_read(
    s3: S3Client, folder: Path
) -> None:
    s3.put_object(Bucket=BUCKET, Key="models/chat/7/old.safetensors", Body=b"x")
    read: list[Progress] = []

    report = upload(folder, s3, on_progress=read.append)

    assert codes(report) == ["model.unexpected-file"]
    assert read == []


def test_a_missing_bucket_is_a_reason(s3: S3Client, folder: Path) -> None:
    assert codes(upload(folder, s3, bucket="elsewhere")) == ["model.bucket-missing"]


def test_a_bucket_that_denies_writing_is_a_reason(folder: Path) -> None:
    bucket = Bucket(trouble=fail_times(1_000, "AccessDenied", "PUT"))

    with serve_s3(bucket) as s3:
        report = upload(folder, s3)

    assert set(codes(report)) == {"model.access-denied"}
    assert bucket.objects == {}


def test_a_file_that_changes_after_it_was_checked_is_found(s3: S3Client, folder: Path) -> None:
    config = folder / "config.json"

    def rewrite(**_: object) -> None:
        config.write_bytes(config.read_bytes().swapcase())

    s3.meta.events.register("provide-client-params.s3.ListMultipartUploads", rewrite)

    report = upload(folder, s3)

    assert report.reasons == (
        Reason(
            code="model.file-changed",
            subject="config.json",
            message="changed after it was checked here.",
            remedy="Wait until whatever writes it is done, then upload again.",
        ),
    )
    assert RELEASE not in keys(s3)


def test_a_single_archive_is_a_release_too(s3: S3Client, folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, arcname=".")
    (tmp_path / "notes.txt").write_text("not part of it")

    report = upload(archive, s3)

    assert report.outcome is UploadOutcome.SENT
    assert keys(s3) == {RELEASE, "models/chat/7/model.tar.gz"}
