"""How much of a release S3 has copied so far: read from S3 itself, which holds a copy's progress.

CopyRelease saves nothing while it copies. A finished file lies under the release's prefix, and the
parts of a file over 5 GiB lie in its multipart upload.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from switchover.domain.units import say_bytes, say_count, say_roughly

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

    from switchover.domain.release import Release
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update

# Each costs a request or more at each reading; parts of further files count once the file is finished.
_MOST_UPLOADS = 100
_LEAST_SECONDS = 20.0
_LATER = frozenset({"CopyRelease", "ValidateModel", "PlanUpdate", "RecordOutcome"})


@dataclass(frozen=True, slots=True)
class Copied:
    """What S3 held of a release at one moment."""

    files: int
    bytes: int
    total_files: int
    total_bytes: int
    at: datetime

    @property
    def tenths(self) -> int:
        """How many tenths of the bytes are copied."""
        return 10 * self.bytes // max(1, self.total_bytes)

    def say(self, first: Copied | None = None) -> str:
        """The progress in words; with a rate if `first` was read long enough before, and bytes came."""
        files = f"{self.files:,} of {say_count(self.total_files, 'file')}"
        told = f"{say_bytes(self.bytes)} of {say_bytes(self.total_bytes)}, {files}"
        if first is None:
            return told
        seconds = (self.at - first.at).total_seconds()
        if seconds < _LEAST_SECONDS or self.bytes <= first.bytes:
            return told
        rate = (self.bytes - first.bytes) / seconds
        left = say_roughly((self.total_bytes - self.bytes) / rate)
        return f"{told}; {say_bytes(rate)}/s, about {left} left"


def is_copying(update: Update, timeline: tuple[Moment, ...]) -> bool:
    """Whether CopyRelease began to copy and didn't finish: it notes its source first, a moment last."""
    return (
        update.outcome is None
        and bool(update.pins.source_digest)
        and _LATER.isdisjoint(moment.state for moment in timeline)
    )


def read_copied(s3: S3Client, update: Update, now: datetime) -> Copied | None:
    """Read the copy's progress; None if these credentials may not list the bucket.

    Costs one request per 1,000 files and versions, and one per file that is copied in parts.
    """
    release = update.release
    if release is None:
        return None
    try:
        # The parts first: a file that is finished meanwhile is then counted whole.
        held = _read_parts(s3, release, update.bucket)
        whole = _list(s3, release, update.bucket)
    except (ClientError, BotoCoreError):
        return None
    return _count(release, held, whole, now)


def _count(
    release: Release, parts: Mapping[str, int], whole: Mapping[str, int], now: datetime
) -> Copied:
    done = [file for file in release.files if whole.get(file.path) == file.bytes]
    finished = {file.path for file in done}
    partly = sum(
        min(parts.get(file.path, 0), file.bytes)
        for file in release.files
        if file.path not in finished
    )
    return Copied(
        files=len(done),
        bytes=sum(file.bytes for file in done) + partly,
        total_files=len(release.files),
        total_bytes=release.total_bytes,
        at=now,
    )


def _list(s3: S3Client, release: Release, bucket: str) -> dict[str, int]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=release.prefix)
    return {
        item["Key"].removeprefix(release.prefix): item["Size"]
        for page in pages
        for item in page.get("Contents", ())
    }


def _read_parts(s3: S3Client, release: Release, bucket: str) -> dict[str, int]:
    """The bytes in unfinished files; none if these credentials may not list parts."""
    uploads = s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket, Prefix=release.prefix
    )
    try:
        begun = ((up["Key"], up["UploadId"]) for page in uploads for up in page.get("Uploads", ()))
        return {
            key.removeprefix(release.prefix): sum(_part_sizes(s3, bucket, key, upload_id))
            for key, upload_id in islice(begun, _MOST_UPLOADS)
        }
    except ClientError:
        return {}


def _part_sizes(s3: S3Client, bucket: str, key: str, upload_id: str) -> Iterable[int]:
    pages = s3.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload_id)
    return (part["Size"] for page in pages for part in page.get("Parts", ()))
