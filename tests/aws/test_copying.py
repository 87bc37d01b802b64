"""Which files of a release are still to copy, which are right, and which refuse the release."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError
from tests.support.samples import BUCKET, reason, release
from tests.support.template_parts import functions

from switchover.domain.copying import (
    MIB_BYTES,
    PARTS_LIMIT,
    WHOLE_LIMIT_BYTES,
    Checksum,
    CopyVerdict,
    FileCopy,
    ObjectReading,
    describe_copy,
    lay_out_parts,
    stand,
)
from switchover.domain.release import MODELS_PREFIX, Release, ReleaseFile

SHA256 = "a" * 64
FILE = ReleaseFile(path="model.safetensors", bytes=100, sha256=SHA256)
SOURCE = ObjectReading(uri="s3://team/v7/model.safetensors", bytes=100, etag="e1")
COPY = ObjectReading(
    uri="s3://models/models/chat/v2/model.safetensors", bytes=100, etag="e9", copied_from="e1"
)
MISSING = reason("copy.file-missing")
CRC = Checksum("CRC64NVME", "AAAA")
OTHER_CRC = Checksum("CRC64NVME", "BBBB")


def offered(**changes: Any) -> Release:
    return release(source="s3://team/v7/", prefix="models/chat/v2/", **changes)


def judged(source: Any = SOURCE, held: Any = None, begun_with: str = "") -> tuple[str, list[str]]:
    standing = stand(offered(), BUCKET, [FileCopy(FILE, source, held)], begun_with)
    return standing.verdict, [found.code for found in standing.reasons]


def test_what_is_not_there_is_copied() -> None:
    assert judged() == ("copying", [])


@pytest.mark.parametrize(
    ("source", "codes"),
    [
        pytest.param(MISSING, ["copy.file-missing"], id="missing"),
        pytest.param(replace(SOURCE, bytes=99), ["copy.size-differs"], id="size"),
        pytest.param(replace(SOURCE, sha256="b" * 64), ["copy.checksum-differs"], id="sha256"),
        pytest.param(
            replace(SOURCE, bytes=99, is_archived=True),
            ["copy.archived", "copy.size-differs"],
            id="every-fault-at-once",
        ),
    ],
)
def test_a_source_that_is_not_the_release_is_refused(source: Any, codes: list[str]) -> None:
    assert judged(source) == ("rejected", codes)


@pytest.mark.parametrize(
    ("source", "held"),
    [
        pytest.param(SOURCE, COPY, id="by-its-etag"),
        pytest.param(replace(SOURCE, checksum=CRC), replace(COPY, checksum=CRC), id="by-checksum"),
        pytest.param(
            replace(SOURCE, checksum=CRC),
            replace(COPY, checksum=CRC, copied_from=None),
            id="uploaded-and-equal",
        ),
        pytest.param(SOURCE, replace(COPY, sha256=SHA256, copied_from=None), id="by-sha256"),
        pytest.param(MISSING, replace(COPY, sha256=SHA256), id="source-gone"),
        pytest.param(
            replace(SOURCE, etag="e2", checksum=OTHER_CRC),
            replace(COPY, sha256=SHA256, checksum=CRC),
            id="source-replaced-since",
        ),
    ],
)
def test_what_is_there_and_right_is_not_copied_again(source: Any, held: Any) -> None:
    assert judged(source, held) == ("copied", [])


@pytest.mark.parametrize(
    ("source", "held"),
    [
        pytest.param(SOURCE, replace(COPY, bytes=99), id="size"),
        pytest.param(SOURCE, replace(COPY, sha256="b" * 64), id="sha256"),
        pytest.param(
            replace(SOURCE, checksum=CRC),
            replace(COPY, sha256=SHA256, checksum=OTHER_CRC),
            id="checksum-of-the-copy",
        ),
        pytest.param(SOURCE, replace(COPY, copied_from="e0"), id="copy-of-an-older-source"),
        pytest.param(SOURCE, replace(COPY, copied_from=None), id="nothing-shows-it-is-the-same"),
    ],
)
def test_something_else_in_the_prefix_is_refused_and_never_overwritten(
    source: Any, held: Any
) -> None:
    assert judged(source, held) == ("rejected", ["copy.differs"])


def test_without_its_source_only_a_known_content_counts() -> None:
    assert judged(MISSING, COPY) == ("rejected", ["copy.file-missing"])


def test_a_prefix_that_can_not_be_seen_is_refused() -> None:
    assert judged(held=reason("copy.access-denied")) == ("rejected", ["copy.access-denied"])


def test_a_source_that_changed_between_rounds_is_refused() -> None:
    begun = stand(offered(), BUCKET, [FileCopy(FILE, SOURCE, None)]).source_digest

    assert judged(begun_with=begun) == ("copying", [])
    assert judged(replace(SOURCE, etag="e2"), begun_with=begun) == (
        "rejected",
        ["copy.source-changed"],
    )


def test_what_could_not_be_compared_is_said() -> None:
    standing = stand(offered(), BUCKET, [FileCopy(FILE, SOURCE, COPY)])

    assert standing.verdict is CopyVerdict.COPIED
    assert "Not compared with the source by checksum: model.safetensors." in describe_copy(standing)


def test_a_compared_copy_says_only_what_it_is() -> None:
    held = replace(COPY, sha256=SHA256)

    text = describe_copy(stand(offered(), BUCKET, [FileCopy(FILE, SOURCE, held)]))

    assert text == "1 file, 16.0 GB, copied from s3://team/v7/."


def test_parts_cover_a_file_without_gap_or_overlap() -> None:
    parts = lay_out_parts(2 * MIB_BYTES + 1, MIB_BYTES)

    assert [(part.number, part.first, part.last, part.bytes) for part in parts] == [
        (1, 0, MIB_BYTES - 1, MIB_BYTES),
        (2, MIB_BYTES, 2 * MIB_BYTES - 1, MIB_BYTES),
        (3, 2 * MIB_BYTES, 2 * MIB_BYTES, 1),
    ]


# Source: S3 User Guide, "Amazon S3 multipart upload limits": objects end at 48.8 TiB.
@pytest.mark.parametrize("tebibytes", [0.006, 1, 5, 48.8])
def test_no_file_has_more_or_larger_parts_than_s3_takes(tebibytes: float) -> None:
    parts = lay_out_parts(int(tebibytes * 1024**4), 256 * MIB_BYTES)

    assert len(parts) <= PARTS_LIMIT
    assert parts[0].bytes <= WHOLE_LIMIT_BYTES
    assert parts[-1].last + 1 == int(tebibytes * 1024**4)


def test_a_source_is_a_folder() -> None:
    assert offered().source_bucket_and_prefix == ("team", "v7/")


@pytest.mark.parametrize(
    "source", ["team/v7/", "s3://team/v7", "s3://team", "s3:///v7/", "s3://T/v/"]
)
def test_what_is_no_folder_is_no_source(source: str) -> None:
    with pytest.raises(ValidationError, match="source"):
        release(source=source, prefix="models/chat/v2/")


def test_no_copy_starts_an_update() -> None:
    inner = {"path": "x/release.json", "bytes": 1, "sha256": SHA256}

    with pytest.raises(ValidationError, match="start an update of its own"):
        offered(files=[inner])


def test_the_function_may_write_only_where_copies_go() -> None:
    (function,) = (found for found in functions() if found.name == "CopyReleaseFunction")
    writable = {
        place
        for statement in function.statements
        if "s3:PutObject" in statement.actions
        for place in statement.resources
    }

    assert writable == {f"ModelBucket/{MODELS_PREFIX}*"}
