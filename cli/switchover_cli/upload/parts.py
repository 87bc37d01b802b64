"""Sends large files in parts, and continues the upload of an earlier run that was killed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.aws.objects import SHA256_METADATA
from switchover_cli.upload.folder import encode_checksum
from switchover_cli.upload.progress import Progress, Step, open_window

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

    from switchover_cli.upload.copies import PartCopier
    from switchover_cli.upload.folder import Digest, Folder
    from switchover_cli.upload.place import Place

_MEBIBYTE = 1024**2
PART_BYTES = 64 * _MEBIBYTE
# Source: S3 User Guide, "Amazon S3 multipart upload limits".
_PARTS_LIMIT = 10_000


def resolve_part_bytes(largest_file_bytes: int) -> int:
    """The part size for which S3's limit of 10 000 parts suffices: 64 MiB for files up to 640 GB."""
    needed = -(-largest_file_bytes // _PARTS_LIMIT)
    return max(PART_BYTES, -(-needed // _MEBIBYTE) * _MEBIBYTE)


@dataclass(frozen=True, slots=True)
class PartSender:
    """Sends the parts of several files at once, in one pool."""

    s3: S3Client
    folder: Folder
    place: Place
    part_bytes: int
    on_progress: Callable[[Progress], None]
    pool: Executor

    def send(self, digest: Digest, copier: PartCopier | None = None) -> str:
        """Copy or send the parts of a file that S3 doesn't have yet; returns the object's ETag."""
        upload_id, there = self._find_begun(digest)
        if upload_id is None:
            return self._complete(digest, self._begin(digest), {}, copier)
        etag = self._complete(digest, upload_id, there, copier)
        head = self.s3.head_object(Bucket=self.place.bucket, Key=self.place.key(digest.path))
        if head.get("Metadata", {}).get(SHA256_METADATA) == digest.sha256:
            return etag
        # The metadata is of an earlier state of the file; a multipart upload can't change it. So the
        # object is written again, unless it was replaced meanwhile, or the bucket forbids it.
        self._advance(digest, -digest.bytes, _step(copier))
        return self._complete(digest, self._begin(digest), {}, copier, instead_of=etag)

    def _find_begun(self, digest: Digest) -> tuple[str | None, dict[int, CompletedPartTypeDef]]:
        """The newest unfinished upload of this file, and its parts with the right content."""
        for upload_id in reversed(self.place.unfinished.get(digest.path, ())):
            try:
                there = self._list_parts(digest, upload_id)
            except ClientError:
                # It ended meanwhile, or may not be read: try the next one, or begin anew.
                continue
            if there:
                return upload_id, there
        return None, {}

    def _list_parts(self, digest: Digest, upload_id: str) -> dict[int, CompletedPartTypeDef]:
        pages = self.s3.get_paginator("list_parts").paginate(
            Bucket=self.place.bucket, Key=self.place.key(digest.path), UploadId=upload_id
        )
        checksums = dict(enumerate(map(encode_checksum, digest.parts), start=1))
        return {
            part["PartNumber"]: _describe_part(
                part["PartNumber"], part["ETag"], part["ChecksumSHA256"]
            )
            for page in pages
            for part in page.get("Parts", ())
            if checksums.get(part["PartNumber"], "") == part.get("ChecksumSHA256")
        }

    def _begin(self, digest: Digest) -> str:
        return self.s3.create_multipart_upload(
            Bucket=self.place.bucket,
            Key=self.place.key(digest.path),
            ChecksumAlgorithm="SHA256",
            Metadata={SHA256_METADATA: digest.sha256},
        )["UploadId"]

    def _complete(
        self,
        digest: Digest,
        upload_id: str,
        there: dict[int, CompletedPartTypeDef],
        copier: PartCopier | None,
        instead_of: str | None = None,
    ) -> str:
        """Copy or send the missing parts, and complete the upload; returns the object's ETag."""
        self._advance(digest, sum(self._length(digest, number) for number in there), _step(copier))
        futures = [
            self.pool.submit(self._move_part, digest, upload_id, number, copier)
            for number in range(1, len(digest.parts) + 1)
            if number not in there
        ]
        sent = [future.result() for future in futures]
        completed = sorted([*there.values(), *sent], key=lambda part: part.get("PartNumber", 0))
        complete = partial(
            self.s3.complete_multipart_upload,
            Bucket=self.place.bucket,
            Key=self.place.key(digest.path),
            UploadId=upload_id,
            MultipartUpload={"Parts": completed},
        )
        ended = complete(IfMatch=instead_of) if instead_of else complete(IfNoneMatch="*")
        return ended["ETag"]

    def _move_part(
        self, digest: Digest, upload_id: str, number: int, copier: PartCopier | None
    ) -> CompletedPartTypeDef:
        if copier is not None:
            start, length = (number - 1) * self.part_bytes, self._length(digest, number)
            etag = copier.copy(upload_id, number, start, length)
            if etag is not None:
                self._advance(digest, length, Step.COPIED)
                return _describe_part(number, etag, encode_checksum(digest.parts[number - 1]))
        return self._send_part(digest, upload_id, number)

    def _send_part(self, digest: Digest, upload_id: str, number: int) -> CompletedPartTypeDef:
        checksum = encode_checksum(digest.parts[number - 1])
        start, length = (number - 1) * self.part_bytes, self._length(digest, number)
        with (
            self.folder.open(digest.path) as file,
            open_window(file, start, length, lambda sent: self._advance(digest, sent)) as body,
        ):
            etag = self.s3.upload_part(
                Bucket=self.place.bucket,
                Key=self.place.key(digest.path),
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
            )["ETag"]
        return _describe_part(number, etag, checksum)

    def _length(self, digest: Digest, number: int) -> int:
        return min(self.part_bytes, digest.bytes - (number - 1) * self.part_bytes)

    def _advance(self, digest: Digest, advanced_bytes: int, step: Step = Step.SENT) -> None:
        self.on_progress(Progress(digest.path, step, advanced_bytes, digest.bytes))


def _step(copier: PartCopier | None) -> Step:
    return Step.SENT if copier is None else Step.COPIED


def _describe_part(number: int, etag: str, checksum: str) -> CompletedPartTypeDef:
    return {"PartNumber": number, "ETag": etag, "ChecksumSHA256": checksum}
