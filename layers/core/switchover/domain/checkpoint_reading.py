"""Gathers what the rules need to know of a release's files, without reading their weights.

The same few reads serve a bucket, a local folder and the inside of an archive: small texts whole,
and of each safetensors or GGUF file its header.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from switchover.domain.checkpoint_archive import Archive, GoOn, read_archive
from switchover.domain.checkpoint_gguf import HEADER_LIMIT_BYTES, GgufFile, parse_gguf
from switchover.domain.reasons import Reason
from switchover.domain.safetensors_header import (
    LENGTH_BYTES,
    READ_LIMIT_BYTES,
    Shard,
    measure_header,
    parse_header,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# One request fetches the whole header of a shard with some 500 tensors, the usual case.
OPENING_BYTES = 64 * 1024
# 140 000 tensors of a mixture of experts with 10¹² parameters describe themselves in some 20 MB.
HEADERS_LIMIT_BYTES = 2 * READ_LIMIT_BYTES

INDEX = "model.safetensors.index.json"
TOKENIZER = "tokenizer.json"
GZIP_MAGIC = b"\x1f\x8b"
_MEBIBYTE = 1024**2
TEXT_LIMITS_BYTES: Mapping[str, int] = {
    "config.json": 4 * _MEBIBYTE,
    "generation_config.json": 4 * _MEBIBYTE,
    "tokenizer_config.json": 4 * _MEBIBYTE,
    "preprocessor_config.json": 4 * _MEBIBYTE,
    "processor_config.json": 4 * _MEBIBYTE,
    "chat_template.json": 4 * _MEBIBYTE,
    "adapter_config.json": 4 * _MEBIBYTE,
    "quantize_config.json": 4 * _MEBIBYTE,
    "quant_config.json": 4 * _MEBIBYTE,
    INDEX: 16 * _MEBIBYTE,
    TOKENIZER: 16 * _MEBIBYTE,
}

Input = TypeVar("Input")
Output = TypeVar("Output")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file as it lies there; `path` is relative to the release's prefix.

    `sha256` is lower-case hex, and absent where nothing vouches for the content.
    """

    path: str
    bytes: int
    sha256: str | None = None


class Reader(Protocol):
    """Reads ranges of a release's files; what can't be read is a reason, not an error."""

    def read(self, path: str, start: int, length: int) -> bytes | Reason: ...


class Run(Protocol):
    """Like `map`; a thread pool's `map` reads in parallel."""

    def __call__(
        self, act: Callable[[Input], Output], values: Iterable[Input], /
    ) -> Iterable[Output]: ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read of a release: its files' names, small texts, and the shards' headers.

    `files` also names those that should be there and are not: whoever noticed that says so.
    """

    files: frozenset[str]
    texts: Mapping[str, bytes]
    shards: Mapping[str, Shard]
    openings: Mapping[str, bytes]
    ggufs: Mapping[str, GgufFile] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    unread: tuple[str, ...] = ()
    inside: Inside | None = None


@dataclass(frozen=True, slots=True)
class Inside:
    """What an archive holds; `folder` is the one that all its files lie in, if there is one."""

    archive: Archive
    evidence: Evidence
    folder: str


def is_archive(path: str) -> bool:
    """Whether a file is an archive as SageMaker's CompressionType Gzip takes it."""
    return path.endswith((".tar.gz", ".tgz"))


def read_evidence(
    files: Iterable[StoredFile],
    reader: Reader,
    run: Run = map,
    *,
    absent: Iterable[str] = (),
    may_go_on: GoOn = lambda: True,
) -> Evidence:
    """Read what `inspect_model` wants to see of these files; the absent ones are only known of.

    An archive is read from its first byte on, for as long as `may_go_on` says.
    """
    sizes = {file.path: file.bytes for file in files}
    texts = _sort_out(_read_texts(sizes, reader, run))
    openings = _sort_out(_read_openings(sizes, reader, run))
    shards, shard_reasons = _read_shards(openings.found, sizes, reader, run)
    ggufs = _sort_out(_read_ggufs(openings.found, sizes, reader, run))
    inside = None
    if len(sizes) == 1 and is_archive(path := next(iter(sizes))):
        inside = _read_inside(path, openings.found.get(path, b""), sizes[path], reader, may_go_on)
    return Evidence(
        files=frozenset((*sizes, *absent)),
        texts=texts.found,
        shards=shards,
        openings=openings.found,
        ggufs=ggufs.found,
        reasons=(*texts.reasons, *openings.reasons, *shard_reasons, *ggufs.reasons),
        unread=_name_unread(sizes),
        inside=inside,
    )


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
    return Inside(archive, read_evidence(files, _Kept(kept)), folder)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Reads what was kept of an archive's files."""

    content: Mapping[str, bytes]

    def read(self, path: str, start: int, length: int) -> bytes:
        return self.content.get(path, b"")[start : start + length]


def _count_needed_bytes(path: str, size: int, have: bytes) -> int:
    """How many of a file's first bytes the rules want to see, as far as `have` tells."""
    name = PurePosixPath(path).name
    if name in TEXT_LIMITS_BYTES:
        return size if size <= TEXT_LIMITS_BYTES[name] else 0
    if not path.endswith((".safetensors", ".gguf")):
        return 0
    if not have:
        return OPENING_BYTES
    if path.endswith(".gguf"):
        return len(have) if parse_gguf(path, have, size) else HEADER_LIMIT_BYTES
    length = measure_header(path, have, size)
    return len(have) if isinstance(length, Reason) else LENGTH_BYTES + length


@dataclass(frozen=True, slots=True)
class _Sorted(Generic[Found]):
    found: Mapping[str, Found]
    reasons: tuple[Reason, ...]


def _sort_out(answers: Iterable[tuple[str, Found | Reason]]) -> _Sorted[Found]:
    answers = list(answers)
    return _Sorted(
        found={path: answer for path, answer in answers if not isinstance(answer, Reason)},
        reasons=tuple(answer for _, answer in answers if isinstance(answer, Reason)),
    )


def _read_texts(
    sizes: Mapping[str, int], reader: Reader, run: Run
) -> Iterator[tuple[str, bytes | Reason]]:
    wanted = [path for path in TEXT_LIMITS_BYTES if path in sizes]
    fitting = [path for path in wanted if sizes[path] <= TEXT_LIMITS_BYTES[path]]
    yield from zip(
        fitting, run(lambda path: reader.read(path, 0, sizes[path]), fitting), strict=True
    )
    for path in wanted:
        if sizes[path] > TEXT_LIMITS_BYTES[path] and path != TOKENIZER:
            yield path, _too_large(path, sizes[path])


def _name_unread(sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Sound tokenizers of 30 MB exist; parsing one would cost more memory than it is worth."""
    size, limit = sizes.get(TOKENIZER, 0), TEXT_LIMITS_BYTES[TOKENIZER]
    if size <= limit:
        return ()
    return (f"{TOKENIZER}: its tokens, as it is {size} bytes long and at most {limit} are read.",)


def _read_openings(
    sizes: Mapping[str, int], reader: Reader, run: Run
) -> Iterator[tuple[str, bytes | Reason]]:
    paths = [p for p in sizes if p.endswith((".safetensors", ".gguf")) or is_archive(p)]
    yield from zip(
        paths,
        run(lambda path: reader.read(path, 0, min(OPENING_BYTES, sizes[path])), paths),
        strict=True,
    )


def _read_ggufs(
    openings: Mapping[str, bytes], sizes: Mapping[str, int], reader: Reader, run: Run
) -> Iterator[tuple[str, GgufFile | Reason]]:
    paths = [path for path in openings if path.endswith(".gguf")]

    def read_header(path: str) -> GgufFile | Reason:
        head = openings[path]
        while (parsed := parse_gguf(path, head, sizes[path])) is None:
            wanted = min(sizes[path], HEADER_LIMIT_BYTES, 16 * len(head))
            more = reader.read(path, len(head), wanted - len(head))
            if isinstance(more, Reason):
                return more
            if not more:
                return _shrunk(path)
            head += more
        return parsed

    yield from zip(paths, run(read_header, paths), strict=True)


def _shrunk(path: str) -> Reason:
    return Reason(
        code="model.file-changed",
        subject=path,
        message="became shorter while it was read.",
        remedy="Wait until whatever writes it is done, then try again.",
    )


def _read_shards(
    openings: Mapping[str, bytes], sizes: Mapping[str, int], reader: Reader, run: Run
) -> tuple[dict[str, Shard], tuple[Reason, ...]]:
    """Parse every header, fetching the rest of those that the opening didn't hold whole.

    Fetched side by side but parsed one after the other, so that memory holds one parse at a time.
    """
    shards: dict[str, Shard] = {}
    lengths: dict[str, int] = {}
    for path, opening in openings.items():
        if not path.endswith(".safetensors"):
            continue
        length = measure_header(path, opening, sizes[path])
        if isinstance(length, Reason):
            shards[path] = Shard(path=path, tensors={}, reasons=(length,))
        else:
            lengths[path] = length
    if sum(lengths.values()) > HEADERS_LIMIT_BYTES:
        return {}, (_headers_too_large(lengths),)

    def fetch_rest(path: str) -> bytes | Reason:
        have = len(openings[path])
        missing = LENGTH_BYTES + lengths[path] - have
        return reader.read(path, have, missing) if missing > 0 else b""

    rests = _sort_out(zip(lengths, run(fetch_rest, lengths), strict=True))
    for path, rest in rests.found.items():
        header = (openings[path] + rest)[LENGTH_BYTES : LENGTH_BYTES + lengths[path]]
        shards[path] = parse_header(path, header, sizes[path])
    return shards, rests.reasons


def _too_large(path: str, size: int) -> Reason:
    return Reason(
        code="model.text-too-large",
        subject=path,
        message=f"is {size} bytes long; at most {TEXT_LIMITS_BYTES[path]} are read.",
        remedy="Such a file is small in a sound checkpoint: save the checkpoint again.",
    )


def _headers_too_large(lengths: Mapping[str, int]) -> Reason:
    return Reason(
        code="model.header-too-large",
        subject=f"{len(lengths)} safetensors files",
        message=(
            f"their headers take {sum(lengths.values())} bytes together; at most "
            f"{HEADERS_LIMIT_BYTES} are read."
        ),
        remedy="A sound model needs less: save the checkpoint again.",
    )
