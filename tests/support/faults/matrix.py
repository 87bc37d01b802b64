"""Every fault at every place: `python -m tests.support.faults.matrix` prints how each update ended.

Each call of each state, and each function, fails, takes effect late and is throttled. Each execution
is stopped, and each resource is deleted, in each state. Some faults come in pairs. The invariants are
checked at the end of every run, and again an hour later.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track
from tests.support.faults.cases import FAMILIES, PAIRS_SEED, choose, find_cases
from tests.support.faults.runs import run_all
from tests.support.faults.tables import LEGEND, WIDTH, draw, sum_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.faults.cases import Case
    from tests.support.faults.runs import Result

# Each part plays its stories again up to its first fault; many parts keep all processors busy to the end.
_PARTS_PER_PROCESSOR = 12


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the selected cases; returns 1 if an invariant broke."""
    asked = _parse(arguments)
    cases = choose(
        find_cases(seed=asked.seed),
        family=asked.kind,
        state=asked.state,
        name=asked.case,
        shard=asked.shard,
    )
    if not cases:
        print("no such case: --list names them all", file=sys.stderr)
        return 2
    if asked.list:
        print(*(case.name for case in cases), sep="\n")
        return 0
    results = _run(cases, asked.jobs)
    console = Console(width=WIDTH)
    for family in FAMILIES:
        some = [result for result in results if result.case.family == family]
        if some:
            console.print(draw(family, some))
            console.print()
    console.print(LEGEND, style="dim")
    broken = [result for result in results if result.broken]
    for result in broken:
        console.print(f"✗ {result.case.name}", style="red", soft_wrap=True)
        for invariant, found in result.broken.items():
            console.print(f"    {invariant}: {found}", highlight=False, soft_wrap=True)
    console.print(sum_up(results), style="bold")
    return 1 if broken else 0


def _run(cases: Sequence[Case], jobs: int) -> list[Result]:
    parts = _split(cases, jobs * _PARTS_PER_PROCESSOR)
    # Forked, so that the child has the stories too.
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as workers:
        told = track(
            workers.map(run_all, parts), "Planting faults", len(parts), console=Console(stderr=True)
        )
        found = {result.case.name: result for part in told for result in part}
    return [found[case.name] for case in cases]


def _split(cases: Sequence[Case], parts: int) -> list[tuple[Case, ...]]:
    """Parts of similar size, each with as few stories as possible."""
    sorted_by_story = sorted(cases, key=lambda case: case.story)
    size = -(-len(cases) // parts)
    return [tuple(sorted_by_story[begin : begin + size]) for begin in range(0, len(cases), size)]


def _parse(arguments: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.support.faults.matrix")
    parser.add_argument("--kind", choices=FAMILIES, help="only this kind of fault")
    parser.add_argument("--state", help="only faults that begin in this state")
    parser.add_argument("--case", metavar="NAME", help="only this one")
    parser.add_argument(
        "--shard", type=_shard, default=(1, 1), metavar="I/N", help="every N-th case, from the I-th"
    )
    parser.add_argument("--seed", type=int, default=PAIRS_SEED, help="of the pairs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--list", action="store_true", help="name the cases, and run none")
    return parser.parse_args(None if arguments is None else list(arguments))


def _shard(text: str) -> tuple[int, int]:
    mine, shards = map(int, text.split("/"))
    if not 1 <= mine <= shards:
        raise argparse.ArgumentTypeError(f"{text} is none of 1/N to N/N")
    return mine, shards
