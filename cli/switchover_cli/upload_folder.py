"""A checkpoint's folder on this computer: what of it is uploaded, and its digests."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.domain.checkpoint_reading import StoredFile, is_archive
from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BLOCK_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in the folder that is not uploaded, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Folder:
    """What of a folder is uploaded; paths are relative to `root`, with '/' between."""

    root: Path
    files: tuple[StoredFile, ...]
    left_out: tuple[LeftOut, ...]

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
    """A file's content in one number: `sha256` in hex, `s3_checksum` as S3 will compute it.

    S3's is base64: of the content for a file sent in one part, else of the parts' digests.
    """

    path: str
    bytes: int
    sha256: str
    s3_checksum: str


def list_folder(root: Path) -> Folder | Reason:
    """List what of a folder, or which single archive, would be uploaded."""
    if root.is_file() and is_archive(root.name):
        file = StoredFile(path=root.name, bytes=root.stat().st_size)
        return Folder(root=root.parent, files=(file,), left_out=())
    if not root.is_dir():
        return Reason(
            code="model.folder-missing",
            subject=str(root),
            message="is neither a folder nor a .tar.gz file.",
            remedy="Name the folder that holds config.json and the weights.",
        )
    entries = list(_walk(root, ""))
    files = tuple(entry for entry in entries if isinstance(entry, StoredFile))
    left_out = tuple(entry for entry in entries if isinstance(entry, LeftOut))
    if not files:
        return Reason(
            code="model.folder-empty",
            subject=str(root),
            message=f"holds no file to upload ({len(left_out)} left out).",
            remedy="Download the model into a plain folder: links into a cache are not followed.",
        )
    return Folder(root=root, files=files, left_out=left_out)


def _walk(folder: Path, inside: str) -> Iterator[StoredFile | LeftOut]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        path = f"{inside}{entry.name}"
        why = _why_left_out(entry, path)
        if why:
            yield LeftOut(path=ascii(path) if "UTF-8" in why else path, why=why)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name, f"{path}/")
        else:
            yield StoredFile(path=path, bytes=entry.stat(follow_symlinks=False).st_size)


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


def digest_file(
    folder: Folder, file: StoredFile, part_bytes: int, on_read: Callable[[int], None]
) -> Digest | Reason:
    """Read a file once, for the digest of the whole and for the one that S3 will answer with.

    `on_read` is told how many bytes more were read.
    """
    is_multipart = file.bytes > part_bytes
    whole, part, parts = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
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
                    if done % part_bytes == 0:
                        parts.update(part.digest())
                        part = hashlib.sha256()
                on_read(got)
    except OSError as error:
        return explain_unreadable(file.path, error)
    if done != file.bytes:
        return Reason(
            code="model.file-changed",
            subject=file.path,
            message=f"had {file.bytes} bytes and now has {done}.",
            remedy="Wait until whatever writes it is done, then upload again.",
        )
    if done % part_bytes:
        parts.update(part.digest())
    s3_digest = parts.digest() if is_multipart else whole.digest()
    return Digest(
        path=file.path,
        bytes=done,
        sha256=whole.hexdigest(),
        s3_checksum=base64.b64encode(s3_digest).decode(),
    )


def explain_unreadable(path: str, error: OSError) -> Reason:
    """Turn the operating system's refusal into a reason."""
    return Reason(
        code="model.unreadable",
        subject=path,
        message=f"can't be read: {error.strerror}.",
        remedy="Correct its permissions, or get the file again.",
    )
