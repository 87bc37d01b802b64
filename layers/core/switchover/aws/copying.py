"""Copies a release's files between buckets inside S3, so no file passes through the function.

S3 holds the progress: finished files lie under the release's prefix, and parts of unfinished files in
their multipart uploads. So the copy continues after a crash, or in the next round.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.aws.clients import S3_CONNECTIONS
from switchover.aws.copy_round import COPIED_FROM_METADATA, CopyRound, explain_copy_refusal
from switchover.aws.objects import find_sha256
from switchover.domain.copying import (
    MIB_BYTES,
    WHOLE_LIMIT_BYTES,
    Checksum,
    CopyVerdict,
    FileCopy,
    ObjectReading,
    ReleaseCopy,
    copy_stuck,
    stand,
)
from switchover.domain.counts import Count, count_nothing
from switchover.domain.many_reasons import limit_per_code
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

    from switchover.domain.counts import OnCount
    from switchover.domain.release import Release, ReleaseFile

# After this time a round begins no copy; the time of its first look counts. The function has four
# minutes more. That is enough for the largest single copy (5 GiB) at 25 MB/s, and for a look at
# 50,000 copies (2 ms of a whole processor each).
ROUND_SECONDS = 600
PART_BYTES = 256 * MIB_BYTES
_FILE_MISSING = "copy.file-missing"
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})


class Copying:
    """One round of copying a release's files into its prefix. Everything is safe to repeat."""

    def __init__(
        self,
        s3: S3Client,
        now_seconds: Callable[[], float] = time.monotonic,
        *,
        whole_bytes: int = WHOLE_LIMIT_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._s3 = s3
        self._now_seconds = now_seconds
        self._ends_at = now_seconds() + ROUND_SECONDS
        self._whole_bytes = whole_bytes
        self._part_bytes = part_bytes

    def compare(
        self,
        release: Release,
        bucket: str,
        begun_with: str = "",
        *,
        on_count: OnCount = count_nothing,
    ) -> ReleaseCopy:
        """Compare every file at the source and at the destination.

        `begun_with` is the digest that the source had when the copy began.

        Raises:
            ClientError: S3 still throttles or fails after botocore's retries.
        """
        source_bucket, source_prefix = release.source_bucket_and_prefix
        listed = self._list(bucket, release.prefix)

        def look_at(file: ReleaseFile) -> FileCopy:
            source = self._read(source_bucket, f"{source_prefix}{file.path}")
            key = f"{release.prefix}{file.path}"
            is_listed = listed is None or key in listed
            return FileCopy(file, source, self._read_held(bucket, key) if is_listed else None)

        with ThreadPoolExecutor(S3_CONNECTIONS) as pool:
            files: list[FileCopy] = []
            for file in pool.map(look_at, release.files):
                files.append(file)
                on_count(Count("Comparing with the source", len(files), len(release.files)))
            return stand(release, bucket, files, begun_with)

    def copy(self, standing: ReleaseCopy) -> ReleaseCopy:
        """Copy until the round ends, then check each file that was missing.

        Raises:
            ClientError, BotoCoreError: nothing could be copied, because of an error that may pass by
            itself.
        """
        copying = CopyRound(
            self._s3,
            standing,
            lambda: self._now_seconds() < self._ends_at,
            whole_bytes=self._whole_bytes,
            part_bytes=self._part_bytes,
        )
        copying.run()
        if copying.reasons:
            return replace(standing, reasons=limit_per_code(dict.fromkeys(copying.reasons)))
        if copying.troubles and not copying.done:
            raise copying.troubles[0]
        reached = self._look_again(standing)
        if reached.verdict is CopyVerdict.COPYING and not copying.done:
            return replace(reached, reasons=(copy_stuck(reached, ROUND_SECONDS),))
        return reached

    def _look_again(self, standing: ReleaseCopy) -> ReleaseCopy:
        """Check the files that were missing. A source that changed meanwhile wasn't copied."""

        def look_at(copy: FileCopy) -> FileCopy:
            if copy.held is not None:
                return copy
            key = f"{standing.release.prefix}{copy.file.path}"
            return replace(copy, held=self._read_held(standing.bucket, key))

        with ThreadPoolExecutor(S3_CONNECTIONS) as pool:
            found = pool.map(look_at, standing.files)
            return stand(standing.release, standing.bucket, found, standing.source_digest)

    def abort(self, standing: ReleaseCopy) -> None:
        """Delete the parts of unfinished copies; finished files stay."""
        prefix = standing.release.prefix
        keys = {f"{prefix}{file.path}" for file in standing.release.files}
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=standing.bucket, Prefix=prefix
        )
        for page in pages:
            for upload in page.get("Uploads", ()):
                if upload["Key"] in keys:
                    self._s3.abort_multipart_upload(
                        Bucket=standing.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )

    def _list(self, bucket: str, prefix: str) -> set[str] | None:
        """The keys under a prefix; None if listing isn't allowed, and each key must be read by itself."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            return {item["Key"] for page in pages for item in page.get("Contents", ())}
        except ClientError as error:
            explain_copy_refusal(error, f"s3://{bucket}/{prefix}", bucket)
            return None

    def _read_held(self, bucket: str, key: str) -> ObjectReading | Reason | None:
        held = self._read(bucket, key)
        is_missing = isinstance(held, Reason) and held.code == _FILE_MISSING
        return None if is_missing else held

    def _read(self, bucket: str, key: str) -> ObjectReading | Reason:
        uri = f"s3://{bucket}/{key}"
        try:
            head = self._s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            return explain_copy_refusal(error, uri, bucket)
        is_restored = 'ongoing-request="false"' in head.get("Restore", "")
        return ObjectReading(
            uri=uri,
            bytes=head["ContentLength"],
            etag=head["ETag"].strip('"'),
            sha256=find_sha256(head),
            checksum=_find_checksum(head),
            copied_from=head["Metadata"].get(COPIED_FROM_METADATA),
            is_archived=not is_restored
            and ("ArchiveStatus" in head or head.get("StorageClass") in _ARCHIVED),
        )


def _find_checksum(head: HeadObjectOutputTypeDef) -> Checksum | None:
    """A checksum of the whole content. A checksum of checksums depends on the sizes of the parts."""
    if head.get("ChecksumType") == "COMPOSITE":
        return None
    found = (
        ("CRC64NVME", head.get("ChecksumCRC64NVME")),
        ("CRC32C", head.get("ChecksumCRC32C")),
        ("CRC32", head.get("ChecksumCRC32")),
    )
    return next(
        (Checksum(name, value) for name, value in found if value and "-" not in value), None
    )
