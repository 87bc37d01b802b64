"""Run many endpoints for a month in virtual time, and compare the announcements with what serves.

    python -m benchmarks.soak                                  # 20 endpoints, 10 days: half a minute
    python -m benchmarks.soak --endpoints 200 --days 30        # the full size: a quarter of an hour
    python -m benchmarks.soak --seed 1 --seeds 20 --jobs 2     # twenty of them, a line for each

The seed decides everything: releases, policies, people's acts, faults. Exits with 1 if an invariant
broke.
"""

from __future__ import annotations

import argparse
import logging
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from rich.console import Console

from benchmarks.soak.run import run
from benchmarks.soak.tables import draw, draw_briefly

_WIDTH = 110


def main() -> int:
    """Run one seed and print its figures, or several and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--endpoints", type=int, default=20)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="so many, from --seed on")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    asked = parser.parse_args()
    console = Console(width=_WIDTH, highlight=False)
    logging.disable()
    if asked.seeds == 1:
        result = run(asked.seed, asked.endpoints, asked.days)
        console.print(draw(result))
        return 1 if result.breaks else 0
    seeds = range(asked.seed, asked.seed + asked.seeds)
    broken = 0
    with ProcessPoolExecutor(asked.jobs, initializer=logging.disable) as workers:
        for result in workers.map(partial(run, endpoints=asked.endpoints, days=asked.days), seeds):
            console.print(draw_briefly(result), soft_wrap=True)
            for each in result.breaks:
                console.print(f"    ✗ {each.invariant}: {each.about}: {each.found}", style="red")
            broken += len(result.breaks)
    console.print(f"{asked.seeds} seeds, {broken} broken", style="bold")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
