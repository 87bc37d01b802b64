"""Reads a .tar.gz as a stream. Keeps only the parts that the rules need, and unpacks nothing.

Reading gzip can't begin in the middle, so every byte is fetched and decompressed once. Of weights,
only the headers are kept. The reading is limited by bytes, by files, and by the caller. The rules for
headers are in tar.py.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from switchover.checkpoint.tar import Damaged, Stopped, padded, walk
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    Fetch = Callable[[int, int], bytes | Reason]

GoOn = Callable[[], bool]
Keep = Callable[[str, int, bytes], int]

FETCH_BYTES = 8 * 1024**2
KEPT_LIMIT_BYTES = 128 * 1024**2
_CHUNK_BYTES = 1024**2
_FEED_BYTES = 256 * 1024
_GZIP = 31  # zlib: a gzip header and trailer around a window of 2^15 bytes
_PACK_AGAIN = "Pack the folder's plain files again (`tar czf model.tar.gz -C folder .`)."


@dataclass(frozen=True, slots=True)
class Archive:
    """The content of an archive as far as read: file sizes, and the first bytes of relevant files.

    `stopped` says where the reading stopped, if that was before the end.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, bytes] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    stopped: str = ""
    is_whole: bool = True

    def read(self, path: str, start: int, length: int) -> bytes:
        """Read part of a file, as far as it was kept."""
        return self.kept.get(path, b"")[start : start + length]


class _Stream:
    """The archive's decompressed bytes, in order."""

    def __init__(self, fetch: Fetch, size: int, may_go_on: GoOn) -> None:
        self._fetch = fetch
        self._size = size
        self._may_go_on = may_go_on
        self._inflate = zlib.decompressobj(wbits=_GZIP)
        self._compressed = BytesIO()
        self._ready = b""
        self.fetched = 0

    def take(self, length: int) -> bytes:
        """Return exactly so many bytes, or fewer at the end of the archive."""
        taken = b""
        while len(taken) < length:
            taken += self._take_some(length - len(taken)) or self._raise_end(taken)
        return taken

    def skip(self, length: int) -> None:
        while length:
            got = len(self._take_some(length))
            if not got:
                raise Damaged("ends within a file")
            length -= got

    def _raise_end(self, taken: bytes) -> bytes:
        raise Damaged(f"ends after {len(taken)} bytes of a header" if taken else "ends too early")

    def drain(self) -> None:
        """Decompress to the end, where gzip has its checksum. Only zeros may follow in the archive.

        Some tar programs continue after the mark that ends an archive, others don't.
        """
        while some := self._take_some(_CHUNK_BYTES):
            if any(some):
                raise Damaged("continues after its end")

    def _take_some(self, length: int) -> bytes:
        while not self._ready:
            if not self._inflate_more():
                return b""
        some, self._ready = self._ready[:length], self._ready[length:]
        return some

    def _inflate_more(self) -> bool:
        if not self._may_go_on():
            raise Stopped
        pending = self._inflate.unconsumed_tail or self._inflate.unused_data
        pending = pending or self._compressed.read(_FEED_BYTES) or self._fetch_more()
        if not pending:
            if not self._inflate.eof:
                raise Damaged("ends within its compressed data")
            return False
        if self._inflate.eof:  # a file may consist of several gzip streams
            self._inflate = zlib.decompressobj(wbits=_GZIP)
        try:
            self._ready = self._inflate.decompress(pending, _CHUNK_BYTES)
        except zlib.error as error:
            raise Damaged(f"can't be decompressed near byte {self.fetched}: {error}") from error
        return True

    def _fetch_more(self) -> bytes:
        if self.fetched >= self._size:
            return b""
        answer = self._fetch(self.fetched, min(FETCH_BYTES, self._size - self.fetched))
        if isinstance(answer, Reason):
            raise _Refused(answer)
        if not answer:
            raise Damaged(f"ends after {self.fetched} of {self._size} bytes")
        self.fetched += len(answer)
        self._compressed = BytesIO(answer)
        return self._compressed.read(_FEED_BYTES)


class _Refused(Exception):
    """The storage refuses to return the archive."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason


def read_archive(path: str, size: int, fetch: Fetch, keep: Keep, may_go_on: GoOn) -> Archive:
    """List an archive, and keep as many of each file's first bytes as `keep` wants.

    `keep` is called with a file's path, its size and the bytes kept so far, until it has enough.
    `fetch` returns the archive's own bytes by position and length. `may_go_on` is called again and
    again. Invalid bytes give reasons, never an error.
    """
    stream = _Stream(fetch, size, may_go_on)
    sizes: dict[str, int] = {}
    kept: dict[str, bytes] = {}
    reasons: list[Reason] = []
    room_bytes = KEPT_LIMIT_BYTES
    stopped = ""
    try:
        for member in walk(stream):
            opening = _take_opening(stream, member.name, member.bytes, keep, room_bytes)
            sizes[member.name] = member.bytes
            if opening:
                kept[member.name] = opening
                room_bytes -= len(opening)
            stream.skip(padded(member.bytes) - len(opening))
        stream.drain()
    except Stopped:
        stopped = f"only {stream.fetched} of its {size} bytes ({len(sizes)} files) were read"
    except Damaged as error:
        reasons.append(_reason(path, f"it {error}."))
    except _Refused as refusal:
        reasons.append(refusal.reason)
    return Archive(sizes, kept, tuple(reasons), stopped, is_whole=not reasons and not stopped)


def _take_opening(stream: _Stream, name: str, size: int, keep: Keep, room_bytes: int) -> bytes:
    opening = b""
    while True:
        more = min(keep(name, size, opening), size) - len(opening)
        if more <= 0 or len(opening) + more > room_bytes:
            return opening
        opening += stream.take(more)


def _reason(path: str, message: str) -> Reason:
    return Reason(code="model.archive-invalid", subject=path, message=message, remedy=_PACK_AGAIN)
