"""Reads a .tar.gz from its first byte on, keeps only what the rules ask for, and unpacks nothing.

Gzip can't be entered in the middle, so every byte is fetched and decompressed once; of weights only
the headers are kept. How much is read is bounded: by bytes, by files, and by whoever calls.
Source of the format: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar".
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from switchover.domain.checkpoint.text import quote
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    Fetch = Callable[[int, int], bytes | Reason]

GoOn = Callable[[], bool]
Keep = Callable[[str, int, bytes], int]

FETCH_BYTES = 8 * 1024**2
MEMBERS_LIMIT = 10_000
KEPT_LIMIT_BYTES = 128 * 1024**2
_BLOCK_BYTES = 512
_CHUNK_BYTES = 1024**2
_FEED_BYTES = 256 * 1024
_GZIP = 31  # zlib: a gzip header and trailer around a window of 2^15 bytes
_LONG_NAME_LIMIT_BYTES = 64 * 1024

_FILES, _FOLDER = frozenset({b"0", b"\0", b"7"}), b"5"
_GNU_LONG_NAME, _GNU_LONG_LINK, _PAX, _PAX_GLOBAL = b"L", b"K", b"x", b"g"
_NO_TAR = "is gzip, but holds no tar archive, or a damaged one"
_PACK_AGAIN = "Pack the folder's plain files anew (`tar czf model.tar.gz -C folder .`)."


@dataclass(frozen=True, slots=True)
class Archive:
    """What of an archive was seen: the files' sizes, and the first bytes of those that matter.

    `stopped` says how far it was looked at, if not to its end.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    kept: Mapping[str, bytes] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    stopped: str = ""
    is_whole: bool = True

    def read(self, path: str, start: int, length: int) -> bytes:
        """Read part of a file, as far as it was kept."""
        return self.kept.get(path, b"")[start : start + length]


class _Damaged(Exception):
    """The archive can't be read on; the text ends the sentence "it …"."""


class _Stopped(Exception):
    """Enough was read."""


class _Stream:
    """The archive's decompressed bytes, one after the other."""

    def __init__(self, fetch: Fetch, size: int, may_go_on: GoOn) -> None:
        self._fetch = fetch
        self._size = size
        self._may_go_on = may_go_on
        self._inflate = zlib.decompressobj(wbits=_GZIP)
        self._compressed = BytesIO()
        self._ready = b""
        self.fetched = 0

    def take(self, length: int) -> bytes:
        """Exactly so many bytes, or fewer where the archive ends."""
        taken = b""
        while len(taken) < length:
            taken += self._take_some(length - len(taken)) or self._raise_end(taken)
        return taken

    def skip(self, length: int) -> None:
        while length:
            got = len(self._take_some(length))
            if not got:
                raise _Damaged("ends within a file")
            length -= got

    def _raise_end(self, taken: bytes) -> bytes:
        raise _Damaged(f"ends after {len(taken)} bytes of a header" if taken else "ends too early")

    def drain(self) -> None:
        """Decompress to the very end, where gzip keeps its checksum."""
        while self._take_some(_CHUNK_BYTES):
            pass

    def _take_some(self, length: int) -> bytes:
        while not self._ready:
            if not self._inflate_more():
                return b""
        some, self._ready = self._ready[:length], self._ready[length:]
        return some

    def _inflate_more(self) -> bool:
        if not self._may_go_on():
            raise _Stopped
        pending = self._inflate.unconsumed_tail or self._inflate.unused_data
        pending = pending or self._compressed.read(_FEED_BYTES) or self._fetch_more()
        if not pending:
            if not self._inflate.eof:
                raise _Damaged("ends within its compressed data")
            return False
        if self._inflate.eof:  # gzip files may be put one after the other
            self._inflate = zlib.decompressobj(wbits=_GZIP)
        try:
            self._ready = self._inflate.decompress(pending, _CHUNK_BYTES)
        except zlib.error as error:
            raise _Damaged(f"can't be decompressed near byte {self.fetched}: {error}") from error
        return True

    def _fetch_more(self) -> bytes:
        if self.fetched >= self._size:
            return b""
        answer = self._fetch(self.fetched, min(FETCH_BYTES, self._size - self.fetched))
        if isinstance(answer, Reason):
            raise _Refused(answer)
        if not answer:
            raise _Damaged(f"ends after {self.fetched} of {self._size} bytes")
        self.fetched += len(answer)
        self._compressed = BytesIO(answer)
        return self._compressed.read(_FEED_BYTES)


class _Refused(Exception):
    """Whoever stores the archive doesn't give it."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason


def read_archive(path: str, size: int, fetch: Fetch, keep: Keep, may_go_on: GoOn) -> Archive:
    """List an archive, keeping of each file as many of its first bytes as `keep` wants.

    `keep` gets a file's path, its size and what was kept of it so far, until it has enough. `fetch`
    gets the archive's own bytes by place and length; `may_go_on` is asked again and again. Any
    bytes give reasons, never an error.
    """
    stream = _Stream(fetch, size, may_go_on)
    sizes: dict[str, int] = {}
    kept: dict[str, bytes] = {}
    reasons: list[Reason] = []
    stopped = ""
    try:
        for name, length, kind in _walk(stream):
            fault = _find_fault(path, name, kind)
            if fault is not None:
                reasons.append(fault)
            opening = b""
            if fault is None and kind in _FILES:
                room_bytes = KEPT_LIMIT_BYTES - sum(map(len, kept.values()))
                opening = _take_opening(stream, name, length, keep, room_bytes)
                sizes[name] = length
            if opening:
                kept[name] = opening
            stream.skip(_padded(length) - len(opening))
        stream.drain()
    except _Stopped:
        stopped = f"only {stream.fetched} of its {size} bytes ({len(sizes)} files) were looked at"
    except _Damaged as error:
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


def _walk(stream: _Stream) -> Iterator[tuple[str, int, bytes]]:
    """Each entry's name, length and kind; the caller takes or skips its content."""
    long_name: str | None = None
    long_size: int | None = None
    for _ in range(MEMBERS_LIMIT + 1):
        header = stream.take(_BLOCK_BYTES)
        if header == bytes(_BLOCK_BYTES):
            return
        _check_sum(header)
        length, kind = _read_number(header[124:136]), header[156:157]
        if kind in {_GNU_LONG_NAME, _GNU_LONG_LINK, _PAX, _PAX_GLOBAL}:
            if length > _LONG_NAME_LIMIT_BYTES:
                raise _Damaged(f"has a header of {length} bytes")
            content = stream.take(_padded(length))[:length]
            if kind == _GNU_LONG_NAME:
                long_name = content.rstrip(b"\0").decode(errors="replace")
            elif kind == _PAX:
                fields = _read_pax(content)
                long_name = fields.get("path", long_name)
                long_size = int(fields["size"]) if fields.get("size", "").isdecimal() else None
            continue
        prefix = header[345:500] if header[257:263] == b"ustar\0" else b""
        short = b"/".join(
            part.split(b"\0")[0] for part in (prefix, header[:100]) if part.strip(b"\0")
        )
        name = long_name if long_name is not None else short.decode(errors="replace")
        yield _plain(name), length if long_size is None else long_size, kind
        long_name = long_size = None
    raise _Stopped


def _check_sum(header: bytes) -> None:
    """A header's bytes, with its checksum's own place read as blanks, add up to the checksum."""
    said = _read_number(header[148:156])
    if said != sum(header[:148]) + sum(header[156:]) + 8 * ord(" "):
        raise _Damaged(_NO_TAR)


def _read_number(field_bytes: bytes) -> int:
    if field_bytes[0] & 0x80:  # beyond 8 GiB, GNU tar writes the number in base 256
        return int.from_bytes(bytes([field_bytes[0] & 0x7F]) + field_bytes[1:], "big")
    digits = field_bytes.strip(b" \0")
    try:
        return int(digits, 8) if digits else 0
    except ValueError as error:
        raise _Damaged(_NO_TAR) from error


def _read_pax(content: bytes) -> dict[str, str]:
    """The records `length key=value`, as far as they can be read."""
    fields: dict[str, str] = {}
    while content:
        length, _, rest = content.partition(b" ")
        if not length.isdigit() or not 0 < int(length) <= len(content):
            break
        key, _, value = rest[: int(length) - len(length) - 2].partition(b"=")
        fields[key.decode(errors="replace")] = value.decode(errors="replace")
        content = content[int(length) :]
    return fields


def _plain(name: str) -> str:
    return name.removeprefix("./") if name not in {".", "./"} else ""


def _find_fault(archive: str, name: str, kind: bytes) -> Reason | None:
    if name.startswith("/") or ".." in PurePosixPath(name).parts:
        return _reason(archive, f"holds {quote(name)}, which leads out of the model's folder.")
    if kind not in _FILES and kind != _FOLDER:
        return _reason(archive, f"holds {quote(name)}, which is a link or a device, not a file.")
    return None


def _padded(length: int) -> int:
    return -(-length // _BLOCK_BYTES) * _BLOCK_BYTES


def _reason(path: str, message: str) -> Reason:
    return Reason(code="model.archive-invalid", subject=path, message=message, remedy=_PACK_AGAIN)
