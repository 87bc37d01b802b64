"""Reads the headers of safetensors and GGUF files by ranges, and keeps each only briefly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from switchover.checkpoint.gguf import HEADER_LIMIT_BYTES, GgufFile, parse_gguf
from switchover.checkpoint.safetensors import (
    LENGTH_BYTES,
    READ_LIMIT_BYTES,
    Shard,
    measure_header,
    parse_header,
)
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

# One request fetches the whole header of a usual shard with some 500 tensors.
OPENING_BYTES = 64 * 1024
# A mixture of experts with 10¹² parameters has 140 000 tensors, whose headers take some 20 MB.
HEADERS_LIMIT_BYTES = 2 * READ_LIMIT_BYTES
# So many shards are read in parallel, and their headers are dropped before the next ones are read.
_SIDE_BY_SIDE = 10

Input = TypeVar("Input")
Output = TypeVar("Output")
Found = TypeVar("Found")


class Reader(Protocol):
    """Reads ranges of a release's files; a failed reading is a reason, not an error."""

    def read(self, path: str, start: int, length: int) -> bytes | Reason: ...


class Run(Protocol):
    """Like `map`; a thread pool's `map` reads in parallel."""

    def __call__(
        self, act: Callable[[Input], Output], values: Iterable[Input], /
    ) -> Iterable[Output]: ...


@dataclass(frozen=True, slots=True)
class SortedOut(Generic[Found]):
    """The successful results, by path, and the reasons for the failed ones."""

    found: Mapping[str, Found]
    reasons: tuple[Reason, ...]


def sort_out(answers: Iterable[tuple[str, Found | Reason]]) -> SortedOut[Found]:
    """Separate results from reasons."""
    answers = list(answers)
    return SortedOut(
        found={path: answer for path, answer in answers if not isinstance(answer, Reason)},
        reasons=tuple(answer for _, answer in answers if isinstance(answer, Reason)),
    )


class ShardHeaders:
    """Reads some headers at a time and yields one shard after the other; `reasons` are for the rest."""

    def __init__(self, sizes: Mapping[str, int], reader: Reader, run: Run) -> None:
        self._sizes = sizes
        self._reader = reader
        self._run = run
        self._header_bytes = 0
        self.reasons: list[Reason] = []

    def read(self) -> Iterator[Shard]:
        """Yield every shard with a readable header, by name.

        Headers are fetched in parallel but parsed one after the other, so that only one parsed header
        is in memory.
        """
        paths = sorted(path for path in self._sizes if path.endswith(".safetensors"))
        for start in range(0, len(paths), _SIDE_BY_SIDE):
            yield from self._read_some(paths[start : start + _SIDE_BY_SIDE])
            if self._header_bytes > HEADERS_LIMIT_BYTES:
                self.reasons.append(_headers_too_large(len(paths)))
                return

    def _read_some(self, paths: list[str]) -> Iterator[Shard]:
        openings = self._keep_found(paths, self._run(self._read_opening, paths))
        lengths: dict[str, int] = {}
        for path, opening in openings.items():
            length = measure_header(path, opening, self._sizes[path])
            if isinstance(length, Reason):
                yield Shard(path=path, tensors={}, reasons=(length,))
            else:
                lengths[path] = length
        self._header_bytes += sum(lengths.values())
        if self._header_bytes > HEADERS_LIMIT_BYTES:
            return

        def read_rest(path: str) -> bytes | Reason:
            have = len(openings[path])
            missing = LENGTH_BYTES + lengths[path] - have
            return self._reader.read(path, have, missing) if missing > 0 else b""

        rests = self._keep_found(list(lengths), self._run(read_rest, lengths))
        for path, rest in rests.items():
            header = (openings[path] + rest)[LENGTH_BYTES : LENGTH_BYTES + lengths[path]]
            yield parse_header(path, header, self._sizes[path])

    def _read_opening(self, path: str) -> bytes | Reason:
        return self._reader.read(path, 0, min(OPENING_BYTES, self._sizes[path]))

    def _keep_found(
        self, paths: list[str], answers: Iterable[bytes | Reason]
    ) -> Mapping[str, bytes]:
        sorted_out = sort_out(zip(paths, answers, strict=True))
        self.reasons += sorted_out.reasons
        return sorted_out.found


def read_gguf(path: str, size: int, reader: Reader) -> GgufFile | Reason:
    """Read a growing part of a GGUF file until its header is complete, and parse the header."""
    head = reader.read(path, 0, min(OPENING_BYTES, size))
    while not isinstance(head, Reason):
        parsed = parse_gguf(path, head, size)
        if parsed is not None:
            return parsed
        wanted = min(size, HEADER_LIMIT_BYTES, 16 * len(head))
        more = reader.read(path, len(head), wanted - len(head))
        if isinstance(more, Reason):
            return more
        if not more:
            return _shrunk(path)
        head += more
    return head


def _shrunk(path: str) -> Reason:
    return Reason(
        code="model.file-changed",
        subject=path,
        message="became shorter during the check.",
        remedy="Wait until the upload is finished, then try again.",
    )


def _headers_too_large(shards: int) -> Reason:
    return Reason(
        code="model.header-too-large",
        subject=f"{shards} safetensors files",
        message=f"their headers take more than {HEADERS_LIMIT_BYTES} bytes together.",
        remedy="A valid model needs less: save the checkpoint again.",
    )
