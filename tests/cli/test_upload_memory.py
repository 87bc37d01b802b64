"""An upload remembers the files that it read, and uses this only while they are unchanged."""

from __future__ import annotations

import json
import os
import time
from itertools import count
from typing import TYPE_CHECKING

import pytest
from tests.support.s3_fake import Bucket, fail_times, serve_s3

from switchover_cli.errors import CommandFailed
from switchover_cli.upload.folder import Digest, Folder, list_folder
from switchover_cli.upload.memory import find_memory_folder, open_memory
from switchover_cli.upload.uploading import (
    Progress,
    Step,
    UploadOutcome,
    UploadReport,
    upload_release,
)
from switchover_local.checkpoint import write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

RELEASE = "releases/chat/7/release.json"
LATER_NS = 3_600 * 10**9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "qwen"
    write_checkpoint(folder, seed=1)
    return folder


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "uploads"


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore waits before it tries again; here nobody needs to."""
    monkeypatch.setattr("time.sleep", lambda _: None)


def upload(folder: Path, s3: S3Client, memory: Path, **more: object) -> UploadReport:
    """Upload an hour after the files were written."""
    wanted = {"clock_ns": lambda: time.time_ns() + LATER_NS} | more
    return upload_release(
        folder,
        endpoint="chat",
        version="7",
        bucket="models",
        s3=s3,
        memory_folder=memory,
        **wanted,  # type: ignore[arg-type]
    )


def test_a_resumed_upload_asks_for_no_object_that_it_sent_itself(
    folder: Path, memory: Path
) -> None:
    bucket = Bucket()

    with serve_s3(bucket) as s3:
        upload(folder, s3, memory)
        del bucket.objects[RELEASE]
        bucket.requests.clear()
        report = upload(folder, s3, memory)

    assert report.sent == ()
    assert bucket.count("HEAD /models/") == 0


def test_an_object_that_was_replaced_since_is_sent_again(folder: Path, memory: Path) -> None:
    bucket = Bucket()
    key = "models/chat/7/config.json"

    with serve_s3(bucket) as s3:
        upload(folder, s3, memory)
        sent = bucket.objects[key]
        del bucket.objects[RELEASE]
        bucket.objects[key] = sent.swapcase()
        bucket.checksums.pop(key)
        report = upload(folder, s3, memory)

    assert report.sent == ("config.json",)
    assert bucket.objects[key] == sent


def test_a_file_with_its_old_size_and_date_but_new_content_is_noticed(
    folder: Path, memory: Path
) -> None:
    notes = folder / "notes.txt"
    notes.write_text("one")

    with serve_s3(Bucket()) as s3:
        upload(folder, s3, memory)
        before = notes.stat()
        notes.write_text("two")
        os.utime(notes, ns=(before.st_atime_ns, before.st_mtime_ns))
        report = upload(folder, s3, memory)

    assert [reason.code for reason in report.reasons] == ["release.version-taken"]


def test_a_file_written_a_moment_before_it_was_read_is_not_remembered(
    folder: Path, memory: Path
) -> None:
    with serve_s3(Bucket()) as s3:
        upload(folder, s3, memory, clock_ns=time.time_ns)

    assert [file.read_text() for file in memory.iterdir()] == ["{}"]


def test_untouched_files_are_not_opened_to_say_that_nothing_changed(
    folder: Path, memory: Path
) -> None:
    told: list[Progress] = []

    with serve_s3(Bucket()) as s3:
        upload(folder, s3, memory)
        report = upload(folder, s3, memory, on_progress=told.append)

    assert report.outcome is UploadOutcome.UNCHANGED
    assert told == []


@pytest.mark.parametrize(
    ("place", "etag"), [("s3://b/models/chat/8/", ""), ("s3://b/models/chat/7/", "e")]
)
def test_another_version_of_a_folder_knows_what_was_read_and_of_no_object(
    tmp_path: Path, place: str, etag: str
) -> None:
    (tmp_path / "x").write_bytes(b"1")
    listed = list_folder(tmp_path)
    assert isinstance(listed, Folder)
    cache = tmp_path / "cache"
    earlier = open_memory(
        cache, listed, 64, "s3://b/models/chat/7/", lambda: time.time_ns() + LATER_NS
    )
    earlier.keep(Digest("x", 1, "00"), "e")
    earlier.write()

    found = open_memory(cache, listed, 64, place)

    assert found.recall("x") == Digest("x", 1, "00")
    assert found.etag_of(Digest("x", 1, "00")) == etag


@pytest.mark.usefixtures("no_waiting")
def test_a_run_that_failed_remembers_what_it_read(folder: Path, memory: Path) -> None:
    bucket = Bucket(trouble=fail_times(1_000, "SlowDown", "PUT"))

    with serve_s3(bucket) as s3, pytest.raises(CommandFailed):
        upload(folder, s3, memory)

    (kept,) = memory.iterdir()
    remembered = json.loads(kept.read_text())
    assert remembered
    assert all(seen["etag"] == "" for seen in remembered.values())


def test_what_a_run_read_is_written_down_before_it_ends(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"1")
    listed = list_folder(tmp_path)
    assert isinstance(listed, Folder)
    # The clock goes on by three seconds with each look at it.
    seconds = count(time.time_ns() + LATER_NS, 3 * 10**9)
    cache = tmp_path / "cache"
    running = open_memory(cache, listed, 64, "s3://b/p/", lambda: next(seconds))

    running.keep(Digest("x", 1, "00"))
    early = list(tmp_path.glob("cache/*.json"))
    running.keep(Digest("x", 1, "00"), "e")

    next_run = open_memory(cache, listed, 64, "s3://b/p/")
    assert early == []
    assert next_run.recall("x") == Digest("x", 1, "00")
    assert next_run.etag_of(Digest("x", 1, "00")) == "e"


def test_reread_reads_untouched_files_too(folder: Path, memory: Path) -> None:
    told: list[Progress] = []

    with serve_s3(Bucket()) as s3:
        upload(folder, s3, memory)
        upload(folder, s3, memory, reread=True, on_progress=told.append)

    assert {each.path for each in told} == {path.name for path in folder.iterdir()}
    assert {each.step for each in told} == {Step.READ}


def test_a_damaged_memory_is_as_good_as_none(folder: Path, memory: Path) -> None:
    with serve_s3(Bucket()) as s3:
        upload(folder, s3, memory)
        (kept,) = memory.iterdir()
        kept.write_text('{"config.json": {"sha256": "00"')
        report = upload(folder, s3, memory)

    assert report.outcome is UploadOutcome.UNCHANGED


def test_where_nothing_can_be_remembered_the_upload_succeeds(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, where the folder should be")

    with serve_s3(Bucket()) as s3:
        report = upload(folder, s3, tmp_path / "cache" / "uploads")

    assert report.outcome is UploadOutcome.SENT


def test_what_was_not_used_for_three_months_is_forgotten(folder: Path, memory: Path) -> None:
    memory.mkdir(parents=True)
    (memory / "old.json").write_text("{}")
    os.utime(memory / "old.json", (0, 0))

    with serve_s3(Bucket()) as s3:
        upload(folder, s3, memory)

    assert not (memory / "old.json").exists()


def test_the_memory_lies_where_the_user_keeps_caches(tmp_path: Path) -> None:
    found = find_memory_folder({"XDG_CACHE_HOME": str(tmp_path)})

    assert found == tmp_path / "switchover" / "uploads"
