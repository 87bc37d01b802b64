"""Reads the headers of a tar archive; refuses headers that tar programs read differently.

GNU tar, Python's tarfile and libarchive disagree about many rare headers: a name in a global pax
header, a sparse file's real name, a second file of the same name. A checker that chooses one reading
may see another file than the one that the container unpacks. Such an archive is refused here; `tar
czf` doesn't make one.
Sources: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual,
"Basic Tar"; libarchive tar(5). tests/checkpoint/test_checkpoint_tar.py unpacks with GNU tar and Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from switchover.checkpoint.text import quote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Stream(Protocol):
        """Returns the next bytes; raises `Damaged` if there are fewer."""

        def take(self, length: int) -> bytes: ...


BLOCK_BYTES = 512
MEMBERS_LIMIT = 10_000
_ZEROS = bytes(BLOCK_BYTES)
_EXTENSION_LIMIT_BYTES = 64 * 1024
_POSIX, _GNU = b"ustar\x0000", b"ustar  \0"
_FILES, _FOLDER = frozenset({b"0", b"\0", b"7"}), b"5"
_GNU_LONG_NAME, _PAX, _PAX_GLOBAL = b"L", b"x", b"g"
_OCTAL = re.compile(rb" *([0-7]+)[ \0]*")
_PAX_RECORD = re.compile(rb"([1-9][0-9]{0,5}) ")
# Valid values of these fields don't affect which bytes are unpacked under which name. With an invalid
# time, Python's tarfile unpacks nothing at all.
_TIME, _OWNER, _WORD = rb"-?[0-9]{1,11}(\.[0-9]*)?", rb"[0-9]{1,10}", rb"[^\0]*"
_HARMLESS = {
    **dict.fromkeys(("atime", "ctime", "mtime"), re.compile(_TIME)),
    **dict.fromkeys(("gid", "uid"), re.compile(_OWNER)),
    **dict.fromkeys(("comment", "gname", "uname"), re.compile(_WORD)),
}
# Mode, owner, group and time of a header: octal digits, or base 256.
_NUMBERS = (slice(100, 108), slice(108, 116), slice(116, 124), slice(136, 148))
_NUMBER = re.compile(rb" *[0-7]* *(\0.*)?|[\x80\xff].*", re.DOTALL)
_LATEST = 2**40
# Linux takes 255 bytes for each part of a name; S3 1,024 for a whole key.
_PART_LIMIT_BYTES, _NAME_LIMIT_BYTES = 255, 1024
_HARMLESS_VENDORS = (
    "LIBARCHIVE.creationtime",
    "LIBARCHIVE.xattr.",
    "RHT.security.selinux",
    "SCHILY.acl.",
    "SCHILY.dev",
    "SCHILY.fflags",
    "SCHILY.ino",
    "SCHILY.nlink",
    "SCHILY.xattr.",
)


class Damaged(Exception):
    """The archive can't be read further; the message ends the sentence "it …"."""


class Stopped(Exception):
    """Enough was read."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive; its content follows its header."""

    name: str
    bytes: int


@dataclass(slots=True)
class _Extension:
    """The values that extension headers give for a member; `kinds` are the headers' types."""

    kinds: bytes = b""
    name: str | None = None
    bytes: int | None = None


@dataclass(slots=True)
class _Names:
    """The names so far, so that no member replaces another one."""

    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)

    def add(self, name: str, *, is_folder: bool) -> None:
        parents = {str(parent) for parent in PurePosixPath(name).parents}
        is_taken = name in self.files or (not is_folder and name in self.folders)
        if is_taken or parents & self.files:
            raise Damaged(f"contains {quote(name)} twice, and the last one unpacked wins")
        self.folders |= parents
        (self.folders if is_folder else self.files).add(name)


def walk(stream: Stream) -> Iterator[Member]:
    """Yield each file in the archive; the caller reads or skips its content and padding.

    Raises:
        Damaged: tar programs would read it differently, or not at all.
        Stopped: it has more members than the limit.
    """
    names = _Names()
    extension = _Extension()
    for _ in range(MEMBERS_LIMIT + 1):
        header = stream.take(BLOCK_BYTES)
        if header == _ZEROS:
            if extension.kinds:
                raise Damaged("ends with an extension header without a file")
            return
        _check_form(header)
        length, kind = _read_size(header), header[156:157]
        if kind in {_GNU_LONG_NAME, _PAX, _PAX_GLOBAL}:
            _extend(extension, kind, _take_content(stream, length))
            continue
        short = _read_name(header)
        raw = short if extension.name is None else extension.name
        name = _normalize(raw)
        length = length if extension.bytes is None else extension.bytes
        extension = _Extension()
        _check_kind(raw, kind, length)
        if kind == b"\0" and short.endswith("/"):  # Python treats it as a folder
            raise Damaged(f"contains {quote(raw)}, a file with the name of a folder")
        if name:
            names.add(name, is_folder=kind == _FOLDER)
        if kind != _FOLDER:
            yield Member(name, length)
    raise Stopped


def padded(length: int) -> int:
    """A content's length together with its padding."""
    return -(-length // BLOCK_BYTES) * BLOCK_BYTES


def is_header(block: bytes) -> bool:
    """Whether a block is a tar header of any version: the sum of its bytes matches its checksum."""
    said = _OCTAL.fullmatch(block[148:156])
    with_blanks = sum(block[:148]) + sum(block[156:BLOCK_BYTES]) + 8 * ord(" ")
    return len(block) >= BLOCK_BYTES and said is not None and int(said[1], 8) == with_blanks


def _check_form(header: bytes) -> None:
    if not is_header(header):
        raise Damaged("is gzip, but contains no tar archive, or a damaged one")
    form = header[257:265]
    if form not in {_POSIX, _GNU}:
        raise Damaged("is neither a POSIX nor a GNU tar archive")
    # In this place, older and vendors' formats store a second name, times or a sparse map.
    if any(header[500:] if form == _POSIX else header[345:]):
        raise Damaged("has a header with more data than POSIX or GNU tar writes for a plain file")
    time = header[136:148]
    seconds = int.from_bytes(time[1:], "big", signed=time[0] == 0xFF)
    is_far = time[0] >= 0x80 and abs(seconds) > _LATEST
    if is_far or not all(_NUMBER.fullmatch(header[field]) for field in _NUMBERS):
        raise Damaged("has a header with an invalid mode, owner or time")


def _read_size(header: bytes) -> int:
    """Read a size in octal digits, or above 8 GiB in base 256; negative sizes are refused."""
    size = header[124:136]
    if size[0] == 0x80:
        number = int.from_bytes(size[1:], "big")
    else:
        digits = _OCTAL.fullmatch(size)
        if digits is None:
            raise Damaged(f"has a file whose size is {quote(size)}")
        number = int(digits[1], 8)
    if number >= 2**63:
        raise Damaged("has a file that is longer than any disk")
    return number


def _read_name(header: bytes) -> str:
    prefix = header[345:500].split(b"\0")[0] if header[257:265] == _POSIX else b""
    name = header[:100].split(b"\0")[0]
    if prefix and not name:
        raise Damaged("has a file without a name")
    return _decode(prefix + b"/" + name if prefix else name)


def _decode(name: bytes) -> str:
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise Damaged(f"contains {quote(name)}, a name that is not UTF-8") from error


def _take_content(stream: Stream, length: int) -> bytes:
    if length > _EXTENSION_LIMIT_BYTES:
        raise Damaged(f"has a header of {length} bytes")
    return stream.take(padded(length))[:length]


def _extend(extension: _Extension, kind: bytes, content: bytes) -> None:
    if extension.kinds.strip(_PAX_GLOBAL) or (extension.kinds and kind == _PAX_GLOBAL):
        raise Damaged("describes a file by two headers, of which tar programs use one or both")
    extension.kinds += kind
    if kind == _GNU_LONG_NAME:
        _set_name(extension, content.removesuffix(b"\0"))
        return
    records = _read_pax(content)
    if kind == _PAX_GLOBAL and records.keys() - {"comment"}:
        raise Damaged(f"sets {quote(min(records.keys() - {'comment'}))} for all files at once")
    for key, value in records.items():
        _take_record(extension, key, value)


def _take_record(extension: _Extension, key: str, value: bytes) -> None:
    if key == "path":
        _set_name(extension, value)
    elif key == "size":
        if not re.fullmatch(rb"[0-9]{1,18}", value):
            raise Damaged(f"has a file whose size is {quote(value)}")
        extension.bytes = int(value)
    elif key in _HARMLESS:
        if not _HARMLESS[key].fullmatch(value):
            raise Damaged(f"has the header field {quote(key)}, which is {quote(value)}")
    elif not key.startswith(_HARMLESS_VENDORS):
        raise Damaged(f"has the header field {quote(key)}, which tar programs read differently")


def _set_name(extension: _Extension, name: bytes) -> None:
    if b"\0" in name:
        raise Damaged(f"contains {quote(name)}, a name with a NUL")
    extension.name = _decode(name)


def _read_pax(content: bytes) -> dict[str, bytes]:
    """Read the records `length key=value\\n`; any other form is refused."""
    records: dict[str, bytes] = {}
    while content:
        begins = _PAX_RECORD.match(content)
        length = int(begins[1]) if begins else 0
        record = content[begins.end() : length] if begins else b""
        key, equals, value = record.partition(b"=")
        if not record.endswith(b"\n") or not equals or len(content) < length:
            raise Damaged(f"has a pax header that can't be read: {quote(content[:40])}")
        if _decode(key) in records:
            raise Damaged(f"has the header field {quote(key)} twice for one file")
        records[_decode(key)] = value[:-1]
        content = content[length:]
    return records


def _normalize(raw: str) -> str:
    """The name in the file system: without `./`, `//` and the last `/`; `.` becomes empty."""
    path = PurePosixPath(raw)
    if path.is_absolute() or ".." in path.parts:
        raise Damaged(f"contains {quote(raw)}, a path outside of the model's folder")
    if any(ord(character) < 0x20 or character == "\x7f" for character in raw):
        raise Damaged(f"contains {quote(raw)}, a name with a control character")
    longest = max((len(part.encode()) for part in path.parts), default=0)
    if longest > _PART_LIMIT_BYTES or len(raw.encode()) > _NAME_LIMIT_BYTES:
        raise Damaged(f"contains {quote(raw)}, a name that is too long to be unpacked")
    return "/".join(path.parts)


def _check_kind(raw: str, kind: bytes, length: int) -> None:
    if kind == _FOLDER:
        if length:
            raise Damaged(f"contains {quote(raw)}, a folder with content of its own")
        return
    if kind not in _FILES:
        raise Damaged(f"contains {quote(raw)}, which is a link or a device, not a file")
    if raw.endswith(("/", "/.")) or not PurePosixPath(raw).parts:
        raise Damaged(f"contains {quote(raw)}, a file with the name of a folder")
