"""A checkpoint's folder on this computer: what of it is uploaded, and its digests."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from switchover.domain.checkpoint_reading import StoredFile, is_archive
from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_BLOCK_BYTES = 1024**2

RawDigest = bytes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in the folder that is not uploaded, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Folder:
    """What of a folder is uploaded; paths are relative to `root`, with '/' between.

    `changed_ns` is when each file was last changed: what is sent is what was checked.
    """

    root: Path
    files: tuple[StoredFile, ...]
    left_out: tuple[LeftOut, ...] = ()
    changed_ns: Mapping[str, int] = field(default_factory=dict)

    def is_unchanged(self, file: StoredFile, status: os.stat_result) -> bool:
        """Whether a file is still the one that was listed."""
        changed_ns = self.changed_ns.get(file.path, status.st_mtime_ns)
        return (status.st_size, status.st_mtime_ns) == (file.bytes, changed_ns)

    def read(self, path: str, start: int, length: int) -> bytes | Reason:
        """Read part of a file, as the rules of validation ask for it."""
        try:
            with (self.root / path).open("rb") as file:
                file.seek(start)
                return file.read(length)
        except OSError as error:
            return explain_unreadable(path, error)


@dataclass(frozen=True, slots=True)
class Digest:
    """A file's content in one number: its SHA-256 in hex, and of each part, if it has several."""

    path: str
    bytes: int
    sha256: str
    parts: tuple[RawDigest, ...] = ()

    @property
    def s3_checksum(self) -> str:
        """What S3 will compute: of the content, or of the parts' digests one after the other."""
        if self.parts:
            return encode_checksum(hashlib.sha256(b"".join(self.parts)).digest())
        return encode_checksum(bytes.fromhex(self.sha256))


def encode_checksum(digest: bytes) -> str:
    """A digest as S3's headers carry it."""
    return base64.b64encode(digest).decode()


def list_folder(root: Path) -> Folder | Reason:
    """List what of a folder, or which single archive, would be uploaded."""
    if root.is_file() and is_archive(root.name):
        status = root.stat()
        file = StoredFile(path=root.name, bytes=status.st_size)
        return Folder(root.parent, (file,), changed_ns={root.name: status.st_mtime_ns})
    if not root.is_dir():
        return Reason(
            code="model.folder-missing",
            subject=str(root),
            message="is neither a folder nor a .tar.gz file.",
            remedy="Name the folder that holds config.json and the weights.",
        )
    changed_ns: dict[str, int] = {}
    entries = list(_walk(root, "", changed_ns))
    files = tuple(entry for entry in entries if isinstance(entry, StoredFile))
    left_out = tuple(entry for entry in entries if isinstance(entry, LeftOut))
    if not files:
        return Reason(
            code="model.folder-empty",
            subject=str(root),
            message=f"holds no file to upload ({len(left_out)} left out).",
            remedy="Download the model into a plain folder: links into a cache are not followed.",
        )
    return Folder(root, files, left_out, changed_ns)


def _walk(folder: Path, inside: str, changed_ns: dict[str, int]) -> Iterator[StoredFile | LeftOut]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        path = f"{inside}{entry.name}"
        why = _why_left_out(entry, path)
        if why:
            yield LeftOut(path=ascii(path) if "UTF-8" in why else path, why=why)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name, f"{path}/", changed_ns)
        else:
            status = entry.stat(follow_symlinks=False)
            changed_ns[path] = status.st_mtime_ns
            yield StoredFile(path=path, bytes=status.st_size)


def _why_left_out(entry: os.DirEntry[str], path: str) -> str:
    if entry.is_symlink():
        return "a link, which may lead out of the folder"
    if entry.name.startswith("."):
        return "hidden"
    if entry.name == "__pycache__":
        return "a cache"
    if path == FILE_NAME:
        return "a release, which the upload writes itself"
    mode = entry.stat(follow_symlinks=False).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        return "not a regular file"
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return "a name that is not UTF-8"
    return ""


def digest_bytes(folder: Folder, file: StoredFile, content: bytes) -> Digest | Reason:
    """Digest a file that was read whole."""
    status = (folder.root / file.path).stat()
    if len(content) != file.bytes or not folder.is_unchanged(file, status):
        return explain_changed(file.path)
    return Digest(file.path, file.bytes, hashlib.sha256(content).hexdigest())


def digest_file(
    folder: Folder, file: StoredFile, part_bytes: int, on_read: Callable[[int], None]
) -> Digest | Reason:
    """Read a file once, in small blocks, for the digests of the whole and of each part.

    `on_read` is told how many bytes more were read.
    """
    is_multipart = file.bytes > part_bytes
    whole, part = hashlib.sha256(), hashlib.sha256()
    parts: list[bytes] = []
    buffer = memoryview(bytearray(_BLOCK_BYTES))
    done = 0
    try:
        with (folder.root / file.path).open("rb", buffering=0) as content:
            while done <= file.bytes:
                # No block reaches into the next part.
                got = content.readinto(buffer[: part_bytes - done % part_bytes])
                if not got:
                    break
                done += got
                whole.update(buffer[:got])
                if is_multipart:
                    part.update(buffer[:got])
                    if done % part_bytes == 0 or done == file.bytes:
                        parts.append(part.digest())
                        part = hashlib.sha256()
                on_read(got)
            status = os.fstat(content.fileno())
    except OSError as error:
        return explain_unreadable(file.path, error)
    if done != file.bytes or not folder.is_unchanged(file, status):
        return explain_changed(file.path)
    return Digest(file.path, done, whole.hexdigest(), tuple(parts))


def explain_changed(path: str) -> Reason:
    """Say that a file is no longer the one that was checked."""
    return Reason(
        code="model.file-changed",
        subject=path,
        message="changed after it was checked here.",
        remedy="Wait until whatever writes it is done, then upload again.",
    )


def explain_unreadable(path: str, error: OSError) -> Reason:
    """Turn the operating system's refusal into a reason."""
    return Reason(
        code="model.unreadable",
        subject=path,
        message=f"can't be read: {error.strerror}.",
        remedy="Correct its permissions, or get the file again.",
    )
