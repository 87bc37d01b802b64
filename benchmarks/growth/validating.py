"""The cost of checking a checkpoint, by the number of its shards and of the other files."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.checkpoint import (
    MODELS,
    PARALLEL_READS,
    CountingReader,
    list_tensors,
    open_folder,
    write_sparse,
)
from benchmarks.growth.fitting import table_with_exponents
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import read_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHARDS = (1, 5, 20, 100, 500)
FILES = (1, 5, 20, 100, 500)
_MODEL = MODELS["140 GB"]  # 723 tensors: more than the largest number of shards


@dataclass(frozen=True, slots=True)
class Check:
    """The cost of one check: `size` is the number of shards, or of the other files."""

    size: int
    requests: int
    read_bytes: int
    cpu_seconds: float


def by_shards() -> list[Check]:
    """The same tensors, in more and more shards."""
    return [_check(shards, shards, 0) for shards in SHARDS]


def by_files() -> list[Check]:
    """The same ten shards, beside more and more small texts."""
    return [_check(files, 10, files) for files in FILES]


def draw(checks: Sequence[Check], what: str) -> str:
    """A table with the exponents of each figure."""
    return table_with_exponents(
        (what, "requests", "MB read", "CPU, s"),
        [(c.size, c.requests, c.read_bytes / 10**6, c.cpu_seconds) for c in checks],
        (0, 0, 2, 3),
    )


def _check(size: int, shards: int, files: int) -> Check:
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "model"
        write_sparse(folder, _MODEL, list(_deal(shards)))
        (folder / "assets").mkdir()
        for number in range(files):
            (folder / "assets" / f"{number}.txt").write_text(f"Text {number}.")
        return _read(size, open_folder(folder))


def _deal(shards: int) -> Iterator[list[tuple[str, list[int]]]]:
    """All tensors, spread evenly over a number of shards."""
    tensors = list(list_tensors(_MODEL))
    for number in range(shards):
        yield tensors[number * len(tensors) // shards : (number + 1) * len(tensors) // shards]


def _read(size: int, reader: CountingReader) -> Check:
    reader.request_seconds = 0
    worked = time.process_time()
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        found = inspect_model(read_evidence(reader.folder.files, reader, pool.map))
    rested = time.process_time()
    if found.reasons or found.unchecked:
        raise AssertionError(f"the checkpoint that was measured is not sound: {found}")
    return Check(size, reader.requests, reader.read_bytes, rested - worked)
