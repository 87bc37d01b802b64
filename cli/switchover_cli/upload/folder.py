"""A checkpoint's folder on this computer: the files to upload, and their digests."""

from __future__ import annotations

import base64
import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from switchover.checkpoint.reading import StoredFile, is_archive
from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME, MOST_FILES
from switchover_cli.upload.ignoring import read_ignored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from io import BufferedReader
    from pathlib import Path

    from switchover_cli.upload.ignoring import Ignored

_BLOCK_BYTES = 1024**2

RawDigest = bytes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is not uploaded, and why."""

    path: str
    why: str


class Identity(NamedTuple):
    """A file's identity: it differs after the file was written, replaced or renamed.

    `status_changed_ns` is the ctime: every write changes it, and programs can't set it.
    """

    bytes: int
    changed_ns: int
    status_changed_ns: int
    inode: int
    device: int


def identify(status: os.stat_result) -> Identity:
    """Read a file's identity."""
    return Identity(
        status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev
    )


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of a folder to upload; paths are relative to `root`, with '/' as separator.

    `identities` are those at the time of listing, so that only checked files are sent.
    """

    root: Path
    files: tuple[StoredFile, ...]
    left_out: tuple[LeftOut, ...] = ()
    identities: Mapping[str, Identity] = field(default_factory=dict)

    def is_unchanged(self, file: StoredFile, status: os.stat_result) -> bool:
        """Whether a file is unchanged since the listing."""
        found = identify(status)
        return found.bytes == file.bytes and found == self.identities.get(file.path, found)

    def open(self, path: str) -> BufferedReader:
        """Open a file for reading.

        Raises:
            OSError: the operating system refuses.
        """
        return (self.root / path).open("rb")

    def read(self, path: str, start: int, length: int) -> bytes | Reason:
        """Read part of a file for validation."""
        try:
            with self.open(path) as file:
                file.seek(start)
                return file.read(length)
        except OSError as error:
            return explain_unreadable(path, error)


@dataclass(frozen=True, slots=True)
class Digest:
    """The SHA-256 of a file in hex, and of each part if it has several."""

    path: str
    bytes: int
    sha256: str
    parts: tuple[RawDigest, ...] = ()

    @property
    def s3_checksum(self) -> str:
        """The checksum that S3 will compute: of the content, or of the parts' concatenated digests."""
        if self.parts:
            return encode_checksum(hashlib.sha256(b"".join(self.parts)).digest())
        return encode_checksum(bytes.fromhex(self.sha256))


def encode_checksum(digest: bytes) -> str:
    """A digest in the form of S3's headers."""
    return base64.b64encode(digest).decode()


def list_folder(root: Path, exclude: Iterable[str] = ()) -> Folder | Reason:
    """List the files of a folder to upload, or accept a single archive.

    `exclude` are patterns of files to leave out, in addition to the folder's .switchoverignore.
    """
    if root.is_file() and is_archive(root.name):
        status = root.stat()
        file = StoredFile(path=root.name, bytes=status.st_size)
        return Folder(root.parent, (file,), identities={root.name: identify(status)})
    if not root.is_dir():
        return Reason(
            code="model.folder-missing",
            subject=str(root),
            message="is neither a folder nor a .tar.gz file.",
            remedy="Name the folder that holds config.json and the weights.",
        )
    ignored = read_ignored(root, exclude)
    if isinstance(ignored, Reason):
        return ignored
    identities: dict[str, Identity] = {}
    try:
        entries = list(_walk(root, "", identities, ignored))
    except OSError as error:
        return explain_unreadable(str(error.filename), error)
    files = tuple(entry for entry in entries if isinstance(entry, StoredFile))
    left_out = tuple(entry for entry in entries if isinstance(entry, LeftOut))
    if not files:
        return Reason(
            code="model.folder-empty",
            subject=str(root),
            message=f"holds no file to upload ({len(left_out)} left out).",
            remedy="Download the model into a plain folder: links into a cache are not followed.",
        )
    hidden = next((file.path for file in files if file.path.endswith(f"/{FILE_NAME}")), None)
    if hidden is not None:
        return Reason(
            code="model.release-inside",
            subject=hidden,
            message="is named like a release, which only the upload itself writes.",
            remedy="Rename or delete it: no model reads a file of that name.",
        )
    if len(files) > MOST_FILES:
        return Reason(
            code="model.unexpected-file",
            subject=str(root),
            message=f"holds {len(files):,} files, more than the {MOST_FILES:,} of a release.",
            remedy="Name the folder that holds the model alone.",
        )
    return Folder(root, files, left_out, identities)


def _walk(
    folder: Path, inside: str, identities: dict[str, Identity], ignored: Ignored
) -> Iterator[StoredFile | LeftOut]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        path = f"{inside}{entry.name}"
        is_folder = entry.is_dir(follow_symlinks=False)
        why = _why_left_out(entry, path) or ignored.why(path, is_folder=is_folder)
        if why:
            yield LeftOut(path=ascii(path) if "UTF-8" in why else path, why=why)
        elif is_folder:
            yield from _walk(folder / entry.name, f"{path}/", identities, ignored)
        else:
            status = entry.stat(follow_symlinks=False)
            identities[path] = identify(status)
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
    """Digest a file that is in memory."""
    status = (folder.root / file.path).stat()
    if len(content) != file.bytes or not folder.is_unchanged(file, status):
        return explain_changed(file.path)
    return Digest(file.path, file.bytes, hashlib.sha256(content).hexdigest())


def digest_file(
    folder: Folder, file: StoredFile, part_bytes: int, on_read: Callable[[int], None]
) -> Digest | Reason:
    """Read a file once, in small blocks, for its digest and the digest of each part.

    `on_read` is called with the size of each block.
    """
    is_multipart = file.bytes > part_bytes
    whole, part = hashlib.sha256(), hashlib.sha256()
    parts: list[bytes] = []
    buffer = memoryview(bytearray(min(_BLOCK_BYTES, file.bytes + 1)))
    done = 0
    try:
        with folder.open(file.path) as content:
            while done <= file.bytes:
                # A block ends at the end of its part.
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
    """The reason for a file that was changed after the check."""
    return Reason(
        code="model.file-changed",
        subject=path,
        message="changed after it was checked here.",
        remedy="Wait until whatever writes it is done, then upload again.",
    )


def explain_taken(uri: str) -> Reason:
    """The reason for a key that exists with other content."""
    return Reason(
        code="model.file-taken",
        subject=uri,
        message="exists already with other content; a version never changes.",
        remedy="Upload under a new version.",
    )


def explain_unreadable(path: str, error: OSError) -> Reason:
    """Turn an operating system's error into a reason."""
    return Reason(
        code="model.unreadable",
        subject=path,
        message=f"can't be read: {error.strerror}.",
        remedy="Correct its permissions, or get the file again.",
    )
