"""Copying a release from another place: the missing files, the finished files, the wrong files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING

from switchover.domain.many_reasons import limit_per_code
from switchover.domain.reasons import Reason
from switchover.domain.units import say_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from switchover.domain.release import Release, ReleaseFile

MIB_BYTES = 1024**2
# Source: S3 User Guide, "Amazon S3 multipart upload limits": 5 MiB to 5 GiB each, except the last.
PARTS_LIMIT = 10_000
# Source: S3 API Reference, CopyObject: larger objects are copied by UploadPartCopy.
WHOLE_LIMIT_BYTES = 5 * 1024**3


class CopyVerdict(StrEnum):
    """How far the copy of a release has come."""

    COPIED = "copied"
    COPYING = "copying"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum of an object's whole content, in base64 as S3 writes it."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class ObjectReading:
    """An object as S3 describes it. `sha256` is lower-case hex, `copied_from` its source's ETag."""

    uri: str
    bytes: int
    etag: str
    sha256: str | None = None
    checksum: Checksum | None = None
    copied_from: str | None = None
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class FileCopy:
    """One file of a release: at its source, and under the release's prefix."""

    file: ReleaseFile
    source: ObjectReading | Reason
    held: ObjectReading | Reason | None

    @property
    def faults(self) -> tuple[Reason, ...]:
        """Every reason why this file can't be copied, or why the existing copy is wrong."""
        if isinstance(self.held, Reason):
            return (self.held,)
        if isinstance(self.source, Reason):
            is_known = self.held is not None and self.held.sha256 == self.file.sha256
            return () if is_known and self.difference is None else (self.source,)
        if self.held is None:
            return tuple(_source_faults(self.file, self.source))
        difference = self.difference
        return () if difference is None else (_differs(self.held, difference),)

    @property
    def difference(self) -> str | None:
        """The difference between the object under the prefix and the file; empty if there is none.

        A copy of this source must have the source's checksum. For any other object it must be proven
        that the object is the file. An object is never overwritten, because it may serve already.
        """
        held, source = self.held, self.source
        if not isinstance(held, ObjectReading):
            return None
        if held.bytes != self.file.bytes:
            return f"has {held.bytes} bytes, where release.json says {self.file.bytes}."
        if held.sha256 is not None and held.sha256 != self.file.sha256:
            return f"has SHA-256 {held.sha256}, where release.json says {self.file.sha256}."
        is_its_copy = isinstance(source, ObjectReading) and held.copied_from == source.etag
        is_equal = _is_equal(held, source)
        if is_its_copy and is_equal is False:
            return "has another checksum than its source."
        if is_its_copy or is_equal or held.sha256 is not None:
            return None
        return "is another file, or a copy of an earlier state of the source."

    @property
    def is_compared(self) -> bool:
        """Whether a checksum of the whole content shows that the copy is right."""
        return isinstance(self.held, ObjectReading) and (
            self.held.sha256 is not None or _is_equal(self.held, self.source) is True
        )


@dataclass(frozen=True, slots=True)
class ReleaseCopy:
    """The copy of a release as it stands; `reasons` refuse it."""

    release: Release
    bucket: str
    files: tuple[FileCopy, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def missing(self) -> tuple[FileCopy, ...]:
        """The files that aren't under the prefix yet."""
        return tuple(copy for copy in self.files if copy.held is None)

    @property
    def verdict(self) -> CopyVerdict:
        """Refused for any reason; done when nothing is missing."""
        if self.reasons:
            return CopyVerdict.REJECTED
        return CopyVerdict.COPYING if self.missing else CopyVerdict.COPIED

    @property
    def uncompared(self) -> tuple[str, ...]:
        """The copied files without comparable checksums on both sides."""
        return tuple(copy.file.path for copy in self.files if not copy.is_compared)

    @property
    def source_digest(self) -> str:
        """The digest of the source's state: parts of two states must not be joined."""
        etags = (
            f"{copy.file.path}\0{copy.source.etag}\n"
            for copy in self.files
            if isinstance(copy.source, ObjectReading)
        )
        return hashlib.sha256("".join(sorted(etags)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Part:
    """A range of a file, first and last byte included; `number` counts from 1."""

    number: int
    first: int
    last: int

    @property
    def bytes(self) -> int:
        """Its size."""
        return self.last - self.first + 1


def stand(
    release: Release, bucket: str, files: Iterable[FileCopy], begun_with: str = ""
) -> ReleaseCopy:
    """Judge the progress of a copy, with every fault at once.

    `begun_with` is the source's digest when the copy began; empty if no copy began.
    """
    now = ReleaseCopy(release, bucket, tuple(files))
    faults = [fault for copy in now.files for fault in copy.faults]
    if not faults and now.missing and begun_with not in ("", now.source_digest):
        faults.append(source_changed(f"{release.source}"))
    return ReleaseCopy(release, bucket, now.files, limit_per_code(dict.fromkeys(faults)))


def lay_out_parts(size_bytes: int, part_bytes: int) -> tuple[Part, ...]:
    """Cut a file into parts of `part_bytes`, or into larger parts if S3 would refuse so many."""
    least_bytes = ceil(size_bytes / PARTS_LIMIT)
    part_bytes = max(part_bytes, ceil(least_bytes / MIB_BYTES) * MIB_BYTES)
    return tuple(
        Part(number, first, min(first + part_bytes, size_bytes) - 1)
        for number, first in enumerate(range(0, size_bytes, part_bytes), start=1)
    )


def source_changed(uri: str) -> Reason:
    """The source has changed since its copy began."""
    return Reason(
        code="copy.source-changed",
        subject=uri,
        message="was changed while it was copied.",
        remedy="Write release.json again for the current files, with a new prefix.",
    )


def copy_stuck(copy: ReleaseCopy, seconds: float) -> Reason:
    """A whole round copied nothing."""
    return Reason(
        code="copy.stuck",
        subject=f"{copy.release.source}",
        message=(
            f"nothing was copied in {seconds:.0f} s;"
            f" {len(copy.missing)} of {len(copy.files)} files are still missing."
        ),
        remedy="Start the release again: copied files stay. If it fails again, copy the files by hand.",
    )


def describe_copy(copy: ReleaseCopy) -> str:
    """One sentence about a finished copy and its files that could not be compared."""
    files = "1 file" if len(copy.files) == 1 else f"{len(copy.files)} files"
    text = f"{files}, {say_bytes(copy.release.total_bytes)}, copied from {copy.release.source}."
    if not copy.uncompared:
        return text
    return f"{text} Not compared with the source by checksum: {', '.join(copy.uncompared[:5])}."


def _source_faults(file: ReleaseFile, source: ObjectReading) -> Iterator[Reason]:
    if source.is_archived:
        yield Reason(
            code="copy.archived",
            subject=source.uri,
            message="is archived and can't be read.",
            remedy="Restore it, then start the release again.",
        )
    if source.bytes != file.bytes:
        yield Reason(
            code="copy.size-differs",
            subject=source.uri,
            message=f"has {source.bytes} bytes, where release.json says {file.bytes}.",
            remedy="Write release.json again for the files there, or upload the right file.",
        )
    elif source.sha256 not in (None, file.sha256):
        yield Reason(
            code="copy.checksum-differs",
            subject=source.uri,
            message=f"has SHA-256 {source.sha256}, where release.json says {file.sha256}.",
            remedy="Write release.json again for the files there, or upload the right file.",
        )


def _differs(held: ObjectReading, difference: str) -> Reason:
    return Reason(
        code="copy.differs",
        subject=held.uri,
        message=difference,
        remedy="Give the release a prefix of its own, or delete this file if no endpoint serves it.",
    )


def _is_equal(held: ObjectReading, source: ObjectReading | Reason) -> bool | None:
    """Whether the checksums agree; None if the two sides have no checksum of the same kind."""
    if isinstance(source, Reason) or held.checksum is None or source.checksum is None:
        return None
    if held.checksum.algorithm != source.checksum.algorithm:
        return None
    return held.checksum == source.checksum
