"""Sends files to S3, each part with its SHA-256, and goes on where an earlier run was killed.

S3 compares each part with its SHA-256 on arrival and refuses what differs, so that what it took is
what was read here. Small files are read once: for their digest and to be sent. Of larger ones the
digest must be known before the first part leaves, as it goes into the object's metadata.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Semaphore
from typing import IO, TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError
from s3transfer.utils import ReadFileChunk, signal_not_transferring, signal_transferring

from switchover.aws.models import SHA256_METADATA, explain_refusal
from switchover.domain.reasons import Reason
from switchover_cli.errors import CommandFailed
from switchover_cli.upload_folder import (
    Digest,
    Folder,
    digest_bytes,
    digest_file,
    encode_checksum,
    explain_changed,
    explain_unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

    from switchover.domain.checkpoint_reading import StoredFile

_MEBIBYTE = 1024**2
PART_BYTES = 64 * _MEBIBYTE
# Held in memory while it is sent: at most this, times the files that are sent at once.
WHOLE_BYTES = 16 * _MEBIBYTE
# Source: S3 User Guide, "Amazon S3 multipart upload limits".
_PARTS_LIMIT = 10_000
_PARALLEL_FILES = 8
_PARALLEL_PARTS = 8
# So few large files are digested at once, so that the first is sent while the next is read.
_PARALLEL_DIGESTS = 2
# S3's words for "this isn't what its checksum says".
_DIFFERS = frozenset({"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"})
_AGAIN = "Run the same command again: what is there already is not sent again."


class Step(StrEnum):
    """What is happening to a file's bytes."""

    READ = "read"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Progress:
    """So many bytes more of one file; fewer than none, when a part has to be sent again."""

    path: str
    step: Step
    advanced_bytes: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a release's files go, and what an earlier run left there.

    `sizes` are those of the files that lie there; `unfinished` the uploads in parts that were begun
    and not ended, newest last.
    """

    bucket: str
    prefix: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    unfinished: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sending:
    """The files' digests, which were sent, which were there already, and what went wrong."""

    digests: tuple[Digest, ...]
    sent: tuple[str, ...]
    already_there: tuple[str, ...]
    reasons: tuple[Reason, ...]


def resolve_part_bytes(largest_file_bytes: int) -> int:
    """The size of a part that S3's 10 000 parts suffice with: 64 MiB up to files of 640 GB."""
    needed = -(-largest_file_bytes // _PARTS_LIMIT)
    return max(PART_BYTES, -(-needed // _MEBIBYTE) * _MEBIBYTE)


def find_unfinished(s3: S3Client, bucket: str, prefix: str) -> dict[str, tuple[str, ...]]:
    """List what earlier runs began to send in parts, by path; nothing where that may not be seen."""
    begun: dict[str, list[tuple[float, str]]] = {}
    try:
        for page in s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=bucket, Prefix=prefix
        ):
            for upload in page.get("Uploads", ()):
                path = upload["Key"].removeprefix(prefix)
                entry = (upload["Initiated"].timestamp(), upload["UploadId"])
                begun.setdefault(path, []).append(entry)
    except ClientError:
        # Without s3:ListBucketMultipartUploads every file is sent from its beginning.
        return {}
    return {path: tuple(name for _, name in sorted(entries)) for path, entries in begun.items()}


def send_files(
    s3: S3Client,
    folder: Folder,
    place: Place,
    part_bytes: int,
    on_progress: Callable[[Progress], None],
) -> Sending:
    """Send the folder's files that S3 doesn't hold with this content yet.

    Raises:
        CommandFailed: S3 still throttles, fails or can't be reached after botocore's retries.
    """
    # As s3transfer's own manager does: reading for the signature is no progress.
    events = s3.meta.events
    events.register_first("request-created.s3", signal_not_transferring, unique_id="upload-signs")
    events.register_last("request-created.s3", signal_transferring, unique_id="upload-sends")
    parts = ThreadPoolExecutor(_PARALLEL_PARTS)
    files = ThreadPoolExecutor(_PARALLEL_FILES)
    digesting = Semaphore(_PARALLEL_DIGESTS)
    sender = _Sender(s3, folder, place, part_bytes, on_progress, parts, digesting)
    try:
        answers = list(files.map(sender.send, folder.files))
    finally:
        # A failure or Ctrl-C lets only those requests end that are under way.
        files.shutdown(wait=False, cancel_futures=True)
        parts.shutdown(wait=False, cancel_futures=True)
    done = [answer for answer in answers if not isinstance(answer, Reason)]
    return Sending(
        digests=tuple(digest for digest, _ in done),
        sent=tuple(digest.path for digest, is_sent in done if is_sent),
        already_there=tuple(digest.path for digest, is_sent in done if not is_sent),
        reasons=tuple(answer for answer in answers if isinstance(answer, Reason)),
    )


@dataclass(frozen=True, slots=True)
class _Sender:
    """Sends one file after the other, from several threads."""

    s3: S3Client
    folder: Folder
    place: Place
    part_bytes: int
    on_progress: Callable[[Progress], None]
    parts: ThreadPoolExecutor
    digesting: Semaphore

    def send(self, file: StoredFile) -> tuple[Digest, bool] | Reason:
        """Send a file if S3 doesn't hold it; says whether it was sent."""
        try:
            return self._send(file)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _DIFFERS:
                return explain_changed(file.path)
            try:
                return explain_refusal(error, file.path, self.place.bucket)
            except ClientError:
                raise CommandFailed(f"{file.path}: {error}.", _AGAIN) from error
        except BotoCoreError as error:
            raise CommandFailed(f"{file.path}: {error}", _AGAIN) from error
        except OSError as error:
            return explain_unreadable(file.path, error)

    def _send(self, file: StoredFile) -> tuple[Digest, bool] | Reason:
        content: bytes | None = None
        if file.bytes <= min(WHOLE_BYTES, self.part_bytes):
            content = (self.folder.root / file.path).read_bytes()
            digest = digest_bytes(self.folder, file, content)
            self._advance(file.path, Step.READ, len(content))
        else:
            with self.digesting:
                digest = digest_file(
                    self.folder,
                    file,
                    self.part_bytes,
                    lambda got: self._advance(file.path, Step.READ, got),
                )
        if isinstance(digest, Reason):
            return digest
        if self._holds(digest):
            return digest, False
        if content is not None:
            self._put(digest, content)
            self._advance(file.path, Step.SENT, len(content))
        elif digest.parts:
            self._send_parts(digest)
        else:
            with self._open(digest, 0, digest.bytes) as whole:
                self._put(digest, whole)
        return digest, True

    def _advance(self, path: str, step: Step, advanced_bytes: int) -> None:
        self.on_progress(Progress(path, step, advanced_bytes))

    def _open(self, digest: Digest, start: int, length: int) -> IO[bytes]:
        chunk = ReadFileChunk.from_filename(
            str(self.folder.root / digest.path),
            start,
            length,
            callbacks=[
                lambda bytes_transferred: self._advance(digest.path, Step.SENT, bytes_transferred)
            ],
            enable_callbacks=False,
        )
        return cast("IO[bytes]", chunk)

    def _holds(self, digest: Digest) -> bool:
        """Whether S3 holds this very content, by the checksum that it computed itself."""
        if self.place.sizes.get(digest.path) != digest.bytes:
            return False
        head = self.s3.head_object(
            Bucket=self.place.bucket, Key=self._key(digest), ChecksumMode="ENABLED"
        )
        # A composite checksum ends in the number of parts.
        checksum = head.get("ChecksumSHA256", "").partition("-")[0]
        if digest.parts and head.get("Metadata", {}).get(SHA256_METADATA) != digest.sha256:
            return False
        return checksum == digest.s3_checksum

    def _key(self, digest: Digest) -> str:
        return f"{self.place.prefix}{digest.path}"

    def _put(self, digest: Digest, body: bytes | IO[bytes]) -> None:
        self.s3.put_object(
            Bucket=self.place.bucket,
            Key=self._key(digest),
            Body=body,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=digest.s3_checksum,
            Metadata={SHA256_METADATA: digest.sha256},
        )

    def _send_parts(self, digest: Digest, *, is_fresh: bool = False) -> None:
        upload_id, there = (None, {}) if is_fresh else self._find_begun(digest)
        is_resumed = upload_id is not None
        if upload_id is None:
            upload_id = self.s3.create_multipart_upload(
                Bucket=self.place.bucket,
                Key=self._key(digest),
                ChecksumAlgorithm="SHA256",
                Metadata={SHA256_METADATA: digest.sha256},
            )["UploadId"]
        self._advance(digest.path, Step.SENT, sum(self._length(digest, n) for n in there))
        futures: list[Future[CompletedPartTypeDef]] = [
            self.parts.submit(self._send_part, digest, upload_id, number)
            for number in range(1, len(digest.parts) + 1)
            if number not in there
        ]
        sent = [future.result() for future in futures]
        completed = sorted([*there.values(), *sent], key=lambda part: part.get("PartNumber", 0))
        self.s3.complete_multipart_upload(
            Bucket=self.place.bucket,
            Key=self._key(digest),
            UploadId=upload_id,
            MultipartUpload={"Parts": completed},
        )
        if is_resumed:
            self._check_resumed(digest)

    def _find_begun(self, digest: Digest) -> tuple[str | None, dict[int, CompletedPartTypeDef]]:
        """The newest upload of this file that was begun, and those of its parts that are right."""
        for upload_id in reversed(self.place.unfinished.get(digest.path, ())):
            there: dict[int, CompletedPartTypeDef] = {}
            try:
                for page in self.s3.get_paginator("list_parts").paginate(
                    Bucket=self.place.bucket, Key=self._key(digest), UploadId=upload_id
                ):
                    for part in page.get("Parts", ()):
                        number, checksum = part["PartNumber"], part.get("ChecksumSHA256")
                        is_known = 0 < number <= len(digest.parts)
                        if is_known and checksum == encode_checksum(digest.parts[number - 1]):
                            there[number] = {
                                "PartNumber": number,
                                "ETag": part["ETag"],
                                "ChecksumSHA256": checksum,
                            }
            except (
                ClientError
            ):  # ended meanwhile, or not to be seen: then another, or from the start
                continue
            if there:
                return upload_id, there
        return None, {}

    def _check_resumed(self, digest: Digest) -> None:
        """An upload's metadata was fixed when it began; send anew if the file was another then."""
        head = self.s3.head_object(Bucket=self.place.bucket, Key=self._key(digest))
        if head.get("Metadata", {}).get(SHA256_METADATA) != digest.sha256:
            self._advance(digest.path, Step.SENT, -digest.bytes)
            self._send_parts(digest, is_fresh=True)

    def _length(self, digest: Digest, number: int) -> int:
        return min(self.part_bytes, digest.bytes - (number - 1) * self.part_bytes)

    def _send_part(self, digest: Digest, upload_id: str, number: int) -> CompletedPartTypeDef:
        checksum = encode_checksum(digest.parts[number - 1])
        start = (number - 1) * self.part_bytes
        with self._open(digest, start, self._length(digest, number)) as part:
            answer = self.s3.upload_part(
                Bucket=self.place.bucket,
                Key=self._key(digest),
                UploadId=upload_id,
                PartNumber=number,
                Body=part,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=checksum,
            )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}
