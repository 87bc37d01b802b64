"""Reads the beginning of each file except weights, and reads small texts whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.checkpoint.contents import (
    CARRIERS_LIMIT_BYTES,
    Finding,
    count_bytes_to_see,
    has_own_check,
    is_carrier,
    judge_content,
)
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.checkpoint.headers import Reader, Run


def read_findings(
    sizes: Mapping[str, int], texts: Mapping[str, bytes], reader: Reader, run: Run
) -> Iterator[tuple[str, tuple[Finding, ...] | Reason]]:
    """Yield the findings of each file; files in `texts` aren't read again.

    Memory holds at most 1 KiB per file, and 32 MiB of small texts in all.
    """
    wanted = _share_out(
        {p: count_bytes_to_see(p, size) for p, size in sizes.items() if not has_own_check(p)}
    )
    seen = [path for path, count in wanted.items() if count]
    unseen = [path for path, count in wanted.items() if not count]

    def read(path: str) -> bytes | Reason:
        return texts[path] if path in texts else reader.read(path, 0, wanted[path])

    for path in unseen:
        yield path, tuple(judge_content(path, sizes[path], b""))
    for path, answer in zip(seen, run(read, seen), strict=True):
        if isinstance(answer, Reason):
            yield path, answer
        else:
            yield path, tuple(judge_content(path, sizes[path], answer))


def _share_out(wanted: Mapping[str, int]) -> Mapping[str, int]:
    """Leave out files beyond the total limit, so that `judge_content` reports them as not read."""
    room_bytes = CARRIERS_LIMIT_BYTES
    granted: dict[str, int] = {}
    for path, count in wanted.items():
        room_bytes -= count if is_carrier(path) else 0
        granted[path] = count if room_bytes >= 0 else 0
    return granted
