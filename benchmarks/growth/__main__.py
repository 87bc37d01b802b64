"""Measure how cost grows, and print the tables; writes them into docs/growth.md if asked.

    python -m benchmarks.growth           # prints
    python -m benchmarks.growth --write   # also writes the tables between the marks of docs/growth.md

Counts are the same on every machine; CPU seconds are this one's.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.growth import crowd, remembering, validating
from benchmarks.growth.crowd_table import draw_quotas, draw_rationed, draw_unpublished

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "growth.md"
CROWDS = (10, 40, 200)
_BEGINS, _ENDS = "<!-- {name}: written by `python -m benchmarks.growth --write` -->", "<!-- end -->"


def main() -> None:
    """Print each table as soon as it is there."""
    logging.disable()
    text = PAGE.read_text()
    for name, made in _tables():
        print(f"\n{name}\n{made}", flush=True)
        text = _put(text, name, made)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(text)
        print(f"\nwrote {PAGE}")


def _tables() -> Iterator[tuple[str, str]]:
    yield "shards", validating.draw(validating.by_shards(), "shards")
    yield "files", validating.draw(validating.by_files(), "files beside ten shards")
    updates = remembering.by_updates()
    for act in updates.acts:
        yield f"{act} by updates", updates.draw(act, "past updates")
    endpoints = remembering.by_endpoints()
    for act in endpoints.acts:
        yield f"{act} by endpoints", endpoints.draw(act, "endpoints")
    crowds = [crowd.run(size) for size in CROWDS]
    yield "quotas", draw_quotas(crowds)
    yield "unpublished", draw_unpublished(crowds)
    rationed = {
        "never throttled": crowds[1],
        "throttled at CloudWatch's quotas": crowd.run(CROWDS[1], crowd.published_rates()),
    }
    yield "rationed", draw_rationed(rationed)


def _put(text: str, name: str, made: str) -> str:
    begins = _BEGINS.format(name=name)
    before, found, rest = text.partition(begins)
    if not found:
        raise AssertionError(f"{PAGE.name} has no place for {name}")
    _, _, after = rest.partition(_ENDS)
    return f"{before}{begins}\n{made}\n{_ENDS}{after}"


if __name__ == "__main__":
    main()
