"""Reads the evidence for the rules from a release's files, without reading their weights.

The same reads work for a bucket, a local folder and the content of an archive: small texts whole, the
header of each safetensors or GGUF file, and the first KiB of each other file. So a bucket gets one
GET per file (two for a long header), for weights of any size.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from switchover.checkpoint.archive import Archive, GoOn, read_archive
from switchover.checkpoint.contents import count_bytes_to_see, has_own_check
from switchover.checkpoint.gguf import HEADER_LIMIT_BYTES, GgufFile, parse_gguf
from switchover.checkpoint.headers import (
    OPENING_BYTES,
    Reader,
    Run,
    ShardHeaders,
    read_gguf,
    sort_out,
)
from switchover.checkpoint.index import INDEX, Index, fold_index
from switchover.checkpoint.openings import read_findings
from switchover.checkpoint.safetensors import LENGTH_BYTES, measure_header
from switchover.checkpoint.small_texts import (
    LONG_TEXTS,
    STUB_BYTES,
    TEMPLATE,
    TEMPLATE_LIMIT_BYTES,
    TEXT_LIMITS_BYTES,
    list_stubs,
    name_unread,
    read_stubs,
    read_texts,
    text_too_large,
)
from switchover.checkpoint.weights import Assembly, Weights
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from switchover.checkpoint.contents import Finding

_PIECE_BYTES = 512 * 1024
GZIP_MAGIC = b"\x1f\x8b"
_MAGIC_BYTES = 8  # enough to name the format instead


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One stored file; `path` is relative to the release's prefix.

    `sha256` is lower-case hex, None if the content isn't proven.
    """

    path: str
    bytes: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of a release: file names, small texts, and the content of headers.

    `files` also names expected files that don't exist; another check reports these. `opening` is the
    beginning of a file that should be an archive. `findings` are about files that are more than data.
    `stubs` are files that were read whole and aren't JSON: the chat template, and vocabularies that
    are too short.
    """

    files: frozenset[str]
    texts: Mapping[str, bytes]
    weights: Weights
    stubs: Mapping[str, bytes] = field(default_factory=dict)
    opening: bytes | None = None
    ggufs: Mapping[str, GgufFile] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    reasons: tuple[Reason, ...] = ()
    unread: tuple[str, ...] = ()
    inside: Inside | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """The content of an archive; `folder` is the common folder of all its files, if there is one."""

    archive: Archive
    evidence: Evidence
    folder: str


def is_archive(path: str) -> bool:
    """Whether a file is an archive for SageMaker's CompressionType Gzip."""
    return path.endswith((".tar.gz", ".tgz"))


def read_evidence(
    files: Iterable[StoredFile],
    reader: Reader,
    run: Run = map,
    *,
    absent: Iterable[str] = (),
    may_go_on: GoOn = lambda: True,
    may_open: bool = True,
) -> Evidence:
    """Read the evidence that `inspect_model` needs from these files; of absent files, only the name.

    An archive is read from its first byte while `may_go_on` returns True. With `may_open` False, as
    for an archive inside another one, an archive is read like any other file.
    """
    sizes = {file.path: file.bytes for file in files}
    texts = sort_out(read_texts(sizes, reader, run))
    index = _read_index(sizes, reader)
    shards = ShardHeaders(sizes, reader, run)
    assembly = Assembly(
        (*sizes, *absent),
        index if isinstance(index, Index) else None,
        is_index_unread=isinstance(index, Reason),
    )
    for shard in shards.read():
        assembly.add(shard)
    ggufs = sort_out(_read_ggufs(sizes, reader))
    is_packed = may_open and len(sizes) == 1 and is_archive(next(iter(sizes)))
    wanted_stubs = list_stubs(sizes)
    stubs = sort_out(read_stubs(wanted_stubs, sizes, reader, run))
    read = {**texts.found, **stubs.found}
    # For a text that couldn't be read, the texts' reasons have a reason already.
    unread = {*TEXT_LIMITS_BYTES, *wanted_stubs} - LONG_TEXTS - read.keys()
    judged = {path: n for path, n in sizes.items() if path not in unread}
    openings = sort_out(() if is_packed else read_findings(judged, read, reader, run))
    evidence = Evidence(
        files=frozenset((*sizes, *absent)),
        texts=texts.found,
        stubs=stubs.found,
        weights=assembly.finish(),
        ggufs=ggufs.found,
        findings=tuple(finding for found in openings.found.values() for finding in found),
        reasons=(
            *texts.reasons,
            *openings.reasons,
            *stubs.reasons,
            *([index] if isinstance(index, Reason) else ()),
            *shards.reasons,
            *ggufs.reasons,
        ),
        unread=name_unread(sizes),
    )
    if is_packed:
        (path,) = sizes
        return _open_archive(evidence, StoredFile(path, sizes[path]), reader, may_go_on)
    return evidence


def _open_archive(
    evidence: Evidence, file: StoredFile, reader: Reader, may_go_on: GoOn
) -> Evidence:
    opening = reader.read(file.path, 0, min(_MAGIC_BYTES, file.bytes))
    if isinstance(opening, Reason):
        return replace(evidence, reasons=(*evidence.reasons, opening))
    inside = _read_inside(file.path, opening, file.bytes, reader, may_go_on)
    return replace(evidence, opening=opening, inside=inside)


def _read_inside(
    path: str, opening: bytes, size: int, reader: Reader, may_go_on: GoOn
) -> Inside | None:
    if not opening.startswith(GZIP_MAGIC):
        return None
    archive = read_archive(
        path,
        size,
        lambda start, length: reader.read(path, start, length),
        _count_needed_bytes,
        may_go_on,
    )
    folders = {name.partition("/")[0] for name in archive.sizes if "/" in name}
    is_nested = len(folders) == 1 and all("/" in name for name in archive.sizes)
    folder = f"{folders.pop()}/" if is_nested else ""
    kept = {name.removeprefix(folder): content for name, content in archive.kept.items()}
    files = [StoredFile(name.removeprefix(folder), n) for name, n in archive.sizes.items()]
    return Inside(archive, read_evidence(files, _Kept(kept), may_open=False), folder)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Reads the stored first bytes of an archive's files."""

    content: Mapping[str, bytes]

    def read(self, path: str, start: int, length: int) -> bytes:
        return self.content.get(path, b"")[start : start + length]


def _count_needed_bytes(path: str, size: int, have: bytes) -> int:
    """The number of first bytes that the rules need, as far as `have` determines it."""
    name = PurePosixPath(path).name
    if size <= TEXT_LIMITS_BYTES.get(name, STUB_BYTES - 1):
        return size
    if name == TEMPLATE and size <= TEMPLATE_LIMIT_BYTES:
        return size
    if not has_own_check(path):
        return count_bytes_to_see(path, size)
    if not have:
        return OPENING_BYTES
    if path.endswith(".gguf"):
        return len(have) if parse_gguf(path, have, size) else HEADER_LIMIT_BYTES
    length = measure_header(path, have, size)
    return len(have) if isinstance(length, Reason) else LENGTH_BYTES + length


def _read_index(sizes: Mapping[str, int], reader: Reader) -> Index | Reason | None:
    size = sizes.get(INDEX)
    if size is None:
        return None
    if size > TEXT_LIMITS_BYTES[INDEX]:
        return text_too_large(INDEX, size)
    refusals: list[Reason] = []

    def read_pieces() -> Iterator[bytes]:
        for start in range(0, size, _PIECE_BYTES):
            piece = reader.read(INDEX, start, min(_PIECE_BYTES, size - start))
            if isinstance(piece, Reason):
                refusals.append(piece)
                return
            yield piece

    index = fold_index(read_pieces)
    return refusals[0] if refusals else index


def _read_ggufs(
    sizes: Mapping[str, int], reader: Reader
) -> Iterator[tuple[str, GgufFile | Reason]]:
    """Read GGUF files one after the other, because a header with a vocabulary is long."""
    for path in sizes:
        if path.endswith(".gguf"):
            yield path, read_gguf(path, sizes[path], reader)
