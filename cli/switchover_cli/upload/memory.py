"""What an upload remembers for the next one, so that untouched files need not be read again.

Nothing is believed of it that a look doesn't confirm. A file is the one that was read if its size,
times of change (`ctime` too, which nobody can set), inode and device are the same: what Git's index
goes by (git's Documentation/technical/racy-git.txt). An object is the one that S3 verified if its
ETag is still the same: S3 gives another to every other content. Losing the memory costs time only.
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

# A file written so shortly before it was read may be written again within the same tick of its
# clock: FAT counts in 2 s, and no other file system is coarser.
_RACY_NS = 2 * 10**9
_KEPT_SECONDS = 90 * 24 * 3600
_WRITTEN_EVERY_NS = 5 * 10**9
_PARALLEL_DIGESTS = 4  # hashlib lets other threads run; more would only make the disk seek


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
    """What is known of a folder's files from uploads to one place, this one's included.

    It is written down at most every few seconds while it grows, and at the end by `write`: a run
    that is killed has not read in vain. Where nothing can be written, the next one reads all again.
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
        """A file's digest, if it is still the one that was read."""
        seen = self._seen.get(path)
        if seen is None:
            return None
        parts = tuple(bytes.fromhex(part) for part in seen.parts)
        return Digest(path, seen.identity.bytes, seen.sha256, parts)

    def etag_of(self, digest: Digest) -> str:
        """The ETag that S3 gave to an object when it verified this content of it, or nothing."""
        seen = self._seen.get(digest.path)
        return seen.etag if seen is not None and seen.sha256 == digest.sha256 else ""

    def keep(self, digest: Digest, etag: str = "") -> None:
        """Remember a file that was read now, and its object's ETag; may be called from many threads.

        What changed less than two seconds before the reading is not remembered.
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
        """Write it down for the next upload."""
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
    """The user's folder for what may be lost (XDG Base Directory Specification)."""
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
    """What is remembered of a folder's uploads to one place.

    The first upload to a place knows what the latest to another place read. Without a `memory_folder`
    nothing is remembered, nor written; with `reread` what was is not believed.
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
    """What the latest upload of a folder read. Its objects lie elsewhere: an ETag says nothing here."""
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
    """The digest of each file, read once unless it is remembered; and why some can't be read."""

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
