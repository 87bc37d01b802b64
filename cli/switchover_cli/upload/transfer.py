"""Sends the files that S3 doesn't have yet under any version, each with its SHA-256.

S3 compares each part with its SHA-256 on arrival, and refuses other content. So the stored content is
the content that was read here. A small file is read once, for its digest and for sending. A larger
file's digest must be known before the first part is sent, as it is in the object's metadata.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from threading import Semaphore
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from switchover.aws.objects import SHA256_METADATA, explain_refusal
from switchover.domain.reasons import Reason
from switchover_cli.errors import CommandFailed
from switchover_cli.upload.client import PARALLEL_FILES, PARALLEL_PARTS
from switchover_cli.upload.copies import Originals, PartCopier, copy_whole
from switchover_cli.upload.folder import (
    Digest,
    Folder,
    digest_bytes,
    digest_file,
    explain_changed,
    explain_taken,
    explain_unreadable,
)
from switchover_cli.upload.parts import PartSender
from switchover_cli.upload.progress import Progress, Step, open_window

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from switchover.checkpoint.reading import StoredFile
    from switchover_cli.upload.copies import Original
    from switchover_cli.upload.fast import FastLane
    from switchover_cli.upload.memory import Memory
    from switchover_cli.upload.place import Place

# Files up to this size are in memory while they are sent, several at once.
_WHOLE_BYTES = 16 * 1024**2
# Loading a faster engine takes as long as sending this number of files.
_MANY_FILES = 50
# Large files that are digested at once: few, so that one is sent while the next is read.
_PARALLEL_DIGESTS = 2
# S3's error codes for content that doesn't match its checksum.
_DIFFERS = frozenset({"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"})
# The key exists: another upload wrote it, or this one did and the answer was lost.
_TAKEN = frozenset({"PreconditionFailed", "412"})
_AGAIN = "Run the same command again: files that S3 already has are not sent again."


class Way(StrEnum):
    """How a file got into S3."""

    SENT = "sent"
    COPIED = "copied"
    # It existed before.
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file in S3, and how it got there."""

    digest: Digest
    way: Way


@dataclass(frozen=True, slots=True)
class Sending:
    """The files in S3 now, and the reasons why others aren't."""

    deliveries: tuple[Delivery, ...]
    reasons: tuple[Reason, ...]

    @property
    def sent(self) -> tuple[str, ...]:
        """The files that were sent, whole or in part."""
        return self._paths(Way.SENT)

    @property
    def copied(self) -> tuple[str, ...]:
        """The files that S3 copied from another version."""
        return self._paths(Way.COPIED)

    @property
    def already_there(self) -> tuple[str, ...]:
        """The files that S3 already had."""
        return self._paths(Way.HELD)

    def _paths(self, way: Way) -> tuple[str, ...]:
        return tuple(each.digest.path for each in self.deliveries if each.way is way)


def send_files(
    s3: S3Client,
    folder: Folder,
    place: Place,
    part_bytes: int,
    on_progress: Callable[[Progress], None],
    memory: Memory,
    open_fast: Callable[[], FastLane | None] = lambda: None,
) -> Sending:
    """Send the folder's files that S3 doesn't have yet with this content.

    `open_fast` opens a faster sender for many small files, if there is one.

    Raises:
        CommandFailed: S3 still throttles, fails or can't be reached after botocore's retries.
    """
    parts = ThreadPoolExecutor(PARALLEL_PARTS)
    files = ThreadPoolExecutor(PARALLEL_FILES)
    part_sender = PartSender(s3, folder, place, part_bytes, on_progress, parts)
    originals = Originals(s3, place)
    small = sum(f.bytes <= _WHOLE_BYTES and f.path not in place.stored for f in folder.files)
    fast = open_fast() if small >= _MANY_FILES else None
    sender = _Sender(
        s3, folder, place, memory, part_bytes, on_progress, part_sender, originals, fast
    )
    try:
        answers = list(files.map(sender.send, folder.files))
    finally:
        # After a failure or Ctrl-C, no new request begins, and the command ends after the running ones.
        # The pool of parts ends first, as the files wait for their parts.
        files.shutdown(wait=False, cancel_futures=True)
        parts.shutdown(cancel_futures=True)
        files.shutdown()
    return Sending(
        deliveries=tuple(answer for answer in answers if isinstance(answer, Delivery)),
        reasons=tuple(answer for answer in answers if isinstance(answer, Reason)),
    )


@dataclass(frozen=True, slots=True)
class _Sender:
    """Sends files; several threads use it."""

    s3: S3Client
    folder: Folder
    place: Place
    memory: Memory
    part_bytes: int
    on_progress: Callable[[Progress], None]
    part_sender: PartSender
    originals: Originals
    fast: FastLane | None
    digesting: Semaphore = field(default_factory=lambda: Semaphore(_PARALLEL_DIGESTS))

    def send(self, file: StoredFile) -> Delivery | Reason:
        """Send a file if S3 doesn't have it."""
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

    def _send(self, file: StoredFile) -> Delivery | Reason:
        digest, content = self._digest(file)
        if isinstance(digest, Reason):
            return digest
        etag: str | Reason | None = self._find_held(digest)
        way = Way.HELD
        if etag is None:
            self.memory.keep(digest)
            etag, way = self._deliver(digest, content)
        if isinstance(etag, Reason):
            return etag
        self.memory.keep(digest, etag)
        return Delivery(digest, way)

    def _deliver(self, digest: Digest, content: bytes | None) -> tuple[str | Reason, Way]:
        """Copy or send a file, and return its ETag. An existing object is never overwritten."""
        original = self.originals.find(digest)
        way = Way.SENT
        try:
            if digest.parts:
                return self._move_parts(digest, original)
            if original is None or not copy_whole(self.s3, self.place, digest, original):
                return self._put(digest, content), way
            self.on_progress(Progress(digest.path, Step.COPIED, digest.bytes, digest.bytes))
            way = Way.COPIED
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _TAKEN:
                raise
        taken = explain_taken(f"s3://{self.place.bucket}/{self.place.key(digest.path)}")
        return self._compare_checksum(digest) or taken, way

    def _move_parts(self, digest: Digest, original: Original | None) -> tuple[str, Way]:
        if original is None:
            return self.part_sender.send(digest), Way.SENT
        copier = PartCopier(self.s3, self.place, digest, original)
        etag = self.part_sender.send(digest, copier)
        return etag, Way.SENT if copier.is_refused else Way.COPIED

    def _digest(self, file: StoredFile) -> tuple[Digest | Reason, bytes | None]:
        """A file's digest, and its content if it was read into memory."""

        def note(read_bytes: int) -> None:
            self.on_progress(Progress(file.path, Step.READ, read_bytes, file.bytes))

        known = self.memory.recall(file.path)
        if known is not None:
            note(file.bytes)
            return known, None
        if file.bytes <= min(_WHOLE_BYTES, self.part_bytes):
            with self.folder.open(file.path) as opened:
                content = opened.read()
            note(len(content))
            return digest_bytes(self.folder, file, content), content
        with self.digesting:
            return digest_file(self.folder, file, self.part_bytes, note), None

    def _find_held(self, digest: Digest) -> str | None:
        """The ETag of the object if S3's own checksum proves this content; otherwise None."""
        stored = self.place.stored.get(digest.path)
        if stored is None or stored.bytes != digest.bytes:
            return None
        if stored.etag and stored.etag == self.memory.etag_of(digest):
            return stored.etag
        return self._compare_checksum(digest)

    def _compare_checksum(self, digest: Digest) -> str | None:
        """The ETag of the existing object, if S3's checksum of it equals this file's."""
        head = self.s3.head_object(
            Bucket=self.place.bucket, Key=self.place.key(digest.path), ChecksumMode="ENABLED"
        )
        # A composite checksum ends in the number of parts.
        checksum = head.get("ChecksumSHA256", "").partition("-")[0]
        if digest.parts and head.get("Metadata", {}).get(SHA256_METADATA) != digest.sha256:
            return None
        return head["ETag"] if checksum == digest.s3_checksum else None

    def _put(self, digest: Digest, content: bytes | None) -> str:
        def note(sent_bytes: int) -> None:
            self.on_progress(Progress(digest.path, Step.SENT, sent_bytes, digest.bytes))

        etag = self._put_fast(digest, content)
        if etag is not None:
            note(digest.bytes)
            return etag
        source = self.folder.open(digest.path) if content is None else BytesIO(content)
        with open_window(source, 0, digest.bytes, note) as body:
            return self.s3.put_object(
                Bucket=self.place.bucket,
                Key=self.place.key(digest.path),
                Body=body,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=digest.s3_checksum,
                Metadata={SHA256_METADATA: digest.sha256},
                IfNoneMatch="*",
            )["ETag"]

    def _put_fast(self, digest: Digest, content: bytes | None) -> str | None:
        if self.fast is None or digest.bytes > _WHOLE_BYTES:
            return None
        if content is None:
            with self.folder.open(digest.path) as opened:
                content = opened.read()
        return self.fast.put(self.place.key(digest.path), digest, content)
