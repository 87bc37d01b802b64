"""The memory of an upload for the next one, so that unchanged files need not be read again.

Each remembered fact is confirmed before use. A file counts as unchanged if its size, times of change
(with `ctime`, which programs can't set), inode and device are the same, as in Git's index (git's
Documentation/technical/racy-git.txt). An object counts as verified by S3 if its ETag is the same: S3
gives other content another ETag. Without the memory, an upload only takes longer.
"""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from switchover.domain.reasons import Reason
from switchover_cli.upload.folder import Digest, Identity, digest_file
from switchover_cli.upload.progress import Progress, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from switchover.checkpoint.reading import StoredFile
    from switchover_cli.upload.folder import Folder

# A file that was written shortly before the reading may be written again within the same clock tick.
# FAT's ticks of 2 s are the longest of all file systems.
_RACY_NS = 2 * 10**9
_KEPT_SECONDS = 90 * 24 * 3600
_WRITTEN_EVERY_NS = 5 * 10**9
_PARALLEL_DIGESTS = 4  # hashlib lets other threads run; more threads would only make the disk seek


class Seen(BaseModel):
    """A file as it was when it was read, and the ETag of the object that holds its content."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    identity: Identity
    part_bytes: int
    sha256: str
    parts: tuple[str, ...] = ()
    etag: str = ""


_SEEN = TypeAdapter(dict[str, Seen])


class Memory:
    """The facts about a folder's files from uploads to one place, including the present upload.

    The memory is saved every few seconds while it grows, and at the end by `write`. So a killed upload's
    readings aren't lost. If it can't be saved, the next upload reads all files again.
    """

    def __init__(
        self,
        identities: Mapping[str, Identity],
        part_bytes: int,
        file: Path | None = None,
        seen: Mapping[str, Seen] | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._identities = identities
        self._part_bytes = part_bytes
        self._file = file
        self._clock_ns = clock_ns
        self._began_ns = self._written_ns = clock_ns()
        self._lock = Lock()
        self._seen = {
            path: found
            for path, found in (seen or {}).items()
            if (found.identity, found.part_bytes) == (identities.get(path), part_bytes)
        }

    def recall(self, path: str) -> Digest | None:
        """A file's remembered digest, if the file is unchanged."""
        seen = self._seen.get(path)
        if seen is None:
            return None
        parts = tuple(bytes.fromhex(part) for part in seen.parts)
        return Digest(path, seen.identity.bytes, seen.sha256, parts)

    def etag_of(self, digest: Digest) -> str:
        """The ETag of the object whose content S3 verified as this, or an empty text."""
        seen = self._seen.get(digest.path)
        return seen.etag if seen is not None and seen.sha256 == digest.sha256 else ""

    def keep(self, digest: Digest, etag: str = "") -> None:
        """Remember a file that was just read, and its object's ETag; may be called from many threads.

        A file that changed less than two seconds before the reading is not remembered.
        """
        identity = self._identities.get(digest.path)
        if identity is None or identity.status_changed_ns >= self._began_ns - _RACY_NS:
            return
        with self._lock:
            self._seen[digest.path] = Seen(
                identity=identity,
                part_bytes=self._part_bytes,
                sha256=digest.sha256,
                parts=tuple(part.hex() for part in digest.parts),
                etag=etag or self.etag_of(digest),
            )
            is_due = self._clock_ns() - self._written_ns >= _WRITTEN_EVERY_NS
        if is_due:
            self.write()

    def write(self) -> None:
        """Save the memory for the next upload."""
        if self._file is None:
            return
        with self._lock:
            self._written_ns = self._clock_ns()
            draft = self._file.with_suffix(f".{os.getpid()}")
            with suppress(OSError):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                draft.write_bytes(_SEEN.dump_json(self._seen))
                draft.replace(self._file)
                _forget_old(self._file.parent, self._began_ns / 10**9 - _KEPT_SECONDS)


def find_memory_folder(environment: Mapping[str, str]) -> Path:
    """The user's cache folder (XDG Base Directory Specification)."""
    caches = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(caches).expanduser() / "switchover" / "uploads"


def open_memory(
    memory_folder: Path | None,
    folder: Folder,
    part_bytes: int,
    place: str,
    clock_ns: Callable[[], int] = time.time_ns,
    *,
    reread: bool = False,
) -> Memory:
    """Load the memory of a folder's uploads to one place.

    The first upload to a place uses the digests of the latest upload to another place. Without a
    `memory_folder`, nothing is loaded or saved. With `reread`, nothing is loaded.
    """
    if memory_folder is None:
        return Memory(folder.identities, part_bytes, clock_ns=clock_ns)
    root = _name(os.fspath(folder.root.resolve()))
    file = memory_folder / f"{root}-{_name(place)}.json"
    seen = {} if reread else _recall(file) or _recall_elsewhere(memory_folder, root)
    return Memory(folder.identities, part_bytes, file, seen, clock_ns)


def _name(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]


def _recall(file: Path) -> dict[str, Seen]:
    try:
        return _SEEN.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return {}


def _recall_elsewhere(memory_folder: Path, root: str) -> dict[str, Seen]:
    """The digests of the folder's latest upload to another place; its ETags don't apply here."""
    with suppress(OSError):
        others = sorted(memory_folder.glob(f"{root}-*.json"), key=lambda each: each.stat().st_mtime)
        read = _recall(others[-1]) if others else {}
        return {path: seen.model_copy(update={"etag": ""}) for path, seen in read.items()}
    return {}


def _forget_old(folder: Path, before_seconds: float) -> None:
    for file in folder.iterdir():
        if file.stat().st_mtime < before_seconds:
            file.unlink()


def digest_folder(
    folder: Folder,
    part_bytes: int,
    memory: Memory,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> tuple[tuple[Digest, ...], tuple[Reason, ...]]:
    """The digest of each file, remembered or read once; and why some files can't be read."""

    def digest(file: StoredFile) -> Digest | Reason:
        known = memory.recall(file.path)
        if known is not None:
            return known
        read = digest_file(
            folder,
            file,
            part_bytes,
            lambda got: on_progress(Progress(file.path, Step.READ, got, file.bytes)),
        )
        if isinstance(read, Digest):
            memory.keep(read)
        return read

    with ThreadPoolExecutor(_PARALLEL_DIGESTS) as pool:
        answers = tuple(pool.map(digest, folder.files))
    return (
        tuple(answer for answer in answers if isinstance(answer, Digest)),
        tuple(answer for answer in answers if isinstance(answer, Reason)),
    )
