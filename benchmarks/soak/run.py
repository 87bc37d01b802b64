"""One soak with one seed, from its first release to the final check."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING
from unittest.mock import patch

from tests.support.faults.injected import run_at_once

from benchmarks.soak.faults import Disturbed
from benchmarks.soak.invariants import Watch
from benchmarks.soak.people import People
from benchmarks.soak.world import SoakWorld, use
from switchover.aws import clients as product_clients
from switchover.settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.soak.faults import Hit
    from benchmarks.soak.invariants import Break

_DAY = 86_400
_SIZES = (2, 2, 3, 4, 4, 6)
_QUIET_SECONDS = 14 * _DAY


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one soak. Calls are counted without the SDK's own retries."""

    seed: int
    endpoints: int
    days: int
    outcomes: Mapping[str, int]
    deeds: Mapping[str, int]
    spoilt: tuple[Hit, ...]
    breaks: tuple[Break, ...]
    excused: Mapping[str, str]
    calls: Mapping[tuple[str, str], int]
    busiest: Mapping[tuple[str, str], int]
    invocations: Mapping[str, int]
    executions: int
    transitions: int
    crashes: int
    requests: int
    written_units: int
    read_units: float
    alarm_hours: float
    dead_letters: int
    wall_seconds: float
    cpu_seconds: float


def run(seed: int, endpoints: int, days: int) -> Result:
    """Run endpoints for a number of days; then wait until all have settled, and check."""
    began, cpu = time.perf_counter(), time.process_time()
    dice = Random(seed)  # noqa: S311 - reproducible, not secret
    world = SoakWorld(seed, endpoints)
    faults = Disturbed(world, dice=Random(f"{seed}/faults"))  # noqa: S311
    people = People(world, Random(f"{seed}/people"))  # noqa: S311
    watch = Watch(world, people, faults)
    with (
        patch.object(product_clients, "client", faults.client),
        patch.object(ThreadPoolExecutor, "submit", run_at_once),
        patch("time.monotonic", lambda: world.clock.now().timestamp()),
    ):
        use(world)
        faults.is_on = False
        world.begin_all({name: dice.choice(_SIZES) for name in world.names})
        faults.is_on = True
        watch.begin()
        people.plan()
        faults.plan()
        world.clock.advance(days * _DAY)
        people.is_on = faults.is_on = False
        # Some updates wait for the end of a freeze, and begin only then.
        world.clock.run_until(lambda: world.is_at_rest, _QUIET_SECONDS)
        world.clock.advance(_DAY)
        world.clock.run_until(lambda: world.is_at_rest, _QUIET_SECONDS)
        watch.look_at_the_end()
    settings.cache_clear()
    return Result(
        seed,
        endpoints,
        days,
        watch.outcomes,
        people.deeds,
        tuple(faults.spoilt),
        tuple(watch.breaks),
        watch.excused,
        faults.made,
        faults.busiest,
        Counter(name for name, _ in world.lambdas.calls),
        len(world.executions),
        sum(each.transitions for each in (*world.executions, *world.guards)),
        faults.crashes.total() - world.crashes_left,
        sum(load.requests for load in world.loads.values()),
        world.table.written_units,
        world.table.read_units,
        watch.alarm_hours,
        len(world.lambdas.dead_letters),
        time.perf_counter() - began,
        time.process_time() - cpu,
    )
