"""A reader that counts which of its files were read."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from switchover.checkpoint.reading import is_archive
from switchover.domain.counts import Count

if TYPE_CHECKING:
    from collections.abc import Collection

    from switchover.checkpoint.headers import Reader
    from switchover.checkpoint.reading import StoredFile
    from switchover.domain.counts import OnCount
    from switchover.domain.reasons import Reason

_WHAT = "Reading headers and small files"
_WHAT_ARCHIVE = "Reading the archive"


class CountingReader:
    """Counts files by their first read; of an archive, which is read whole, counts the bytes.

    Some files are read twice, and some aren't read. So the count reaches its total only in `finish`.
    Threads may share it.
    """

    def __init__(self, reader: Reader, files: Collection[StoredFile], on_count: OnCount) -> None:
        self._reader = reader
        self._on_count = on_count
        self._is_packed = len(files) == 1 and all(is_archive(file.path) for file in files)
        self._total = sum(file.bytes for file in files) if self._is_packed else len(files)
        self._paths: set[str] = set()
        self._reached = 0
        self._lock = Lock()

    def read(self, path: str, start: int, length: int) -> bytes | Reason:
        """Read from the other reader, then count."""
        read = self._reader.read(path, start, length)
        with self._lock:
            self._paths.add(path)
            reached = start + length if self._is_packed else len(self._paths)
            reached = min(reached, self._total - 1)
            if reached > self._reached:
                self._tell(reached)
        return read

    def finish(self) -> None:
        """Count everything: no read is left."""
        with self._lock:
            self._tell(self._total)

    def _tell(self, reached: int) -> None:
        self._reached = reached
        what = _WHAT_ARCHIVE if self._is_packed else _WHAT
        self._on_count(Count(what, reached, self._total, is_bytes=self._is_packed))
