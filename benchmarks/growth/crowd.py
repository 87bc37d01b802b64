"""Many endpoints that update at once: calls compared with AWS's quotas, and the effect of throttling.

The walker's functions take no time, so the calls of one state come in one second: more than AWS would
ever get at once. Its clients try each call once, the product's clients four times. So a crowd that passes
here also passes on AWS, and sooner.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from tests.support.faults.injected import Tap, run_at_once

from benchmarks.growth.quotas import QUOTAS
from benchmarks.soak.world import SoakWorld, use
from switchover.aws import clients as product_clients
from switchover.settings import settings
from switchover_local.twin.scenario import CallRate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.support.walker import Execution

_INSTANCES = 4
POLICY = "strategy: rolling\nready_seconds: 300\n"
_WARM_SECONDS = 900
_BEGINNING_SECONDS = 120
_LONGEST_SECONDS = 24 * 3600
_RATIONED = ("cloudwatch", "sagemaker", "application-autoscaling")


@dataclass(frozen=True, slots=True)
class Crowd:
    """The result of many updates that began at once. Calls are those that the product made."""

    endpoints: int
    outcomes: Mapping[str, int]
    calls: Mapping[tuple[str, str], int]
    busiest_second: Mapping[tuple[str, str], float]
    read_units: float
    written_units: int
    retries: int
    last_ended_seconds: float


@dataclass(slots=True)
class Counting(Tap):
    """Counts each call by the second of virtual time in which it was made."""

    seconds: dict[tuple[str, str], Counter[int]] = field(
        default_factory=lambda: defaultdict(Counter)
    )

    def pass_on(self, service: str, operation: str, ask: Callable[[], Any]) -> Any:
        """Make a call, and count it with its units of the ledger."""
        table = self.world.table  # type: ignore[attr-defined]
        read, written = table.read_units, table.written_units
        self.count(service, operation)
        try:
            return ask()
        finally:
            self.count("dynamodb", "read units", table.read_units - read)
            self.count("dynamodb", "write units", table.written_units - written)

    def count(self, service: str, operation: str, times: float = 1) -> None:
        """Count an event at the present time."""
        now = int(self.world.clock.now().timestamp())
        self.seconds[service, operation][now] += times  # type: ignore[assignment]

    def _begin_state(self, execution: Execution) -> None:  # noqa: ARG002 - as Tap has it
        self.count("stepfunctions", "StateTransition")

    def _begin_run(self, function: str, payload: Any) -> None:  # noqa: ARG002 - as Tap has it
        self.count("lambda", "runs begun")


def run(endpoints: int, rates: Mapping[str, CallRate] | None = None) -> Crowd:
    """Offer a release to every endpoint at once, and wait until all updates have ended."""
    with open_world(endpoints) as (world, tap):
        begin(world)
        tap.seconds.clear()
        world.twin.change_scenario(call_rates=dict(rates or {}))
        read, written, began = world.table.read_units, world.table.written_units, world.clock.now()
        for name in world.names:
            world.offer("v2", endpoint=name)
        world.clock.advance(_BEGINNING_SECONDS)
        world.clock.run_until(lambda: world.is_at_rest, _LONGEST_SECONDS)
        ended = [each.ended_at for each in world.executions if each.ended_at is not None]
        return Crowd(
            endpoints,
            Counter(each.state for each in world.executions),
            {call: round(counts.total()) for call, counts in tap.seconds.items()},
            {call: max(counts.values()) for call, counts in tap.seconds.items()},
            world.table.read_units - read,
            world.table.written_units - written,
            sum(each.retries for each in world.executions),
            (max(ended) - began).total_seconds(),
        )


def begin(world: SoakWorld) -> None:
    """Create every endpoint, with traffic and a policy."""
    world.begin_all(dict.fromkeys(world.names, _INSTANCES))
    for name in world.names:
        world.wake(name)
        world.put_policy(POLICY, name)
    world.clock.advance(_WARM_SECONDS)


def published_rates() -> dict[str, CallRate]:
    """The documented rates of the twin's services."""
    return {
        operation: CallRate(per_second=quota.per_second, burst=int(quota.burst))
        for (service, operation), quota in QUOTAS.items()
        if service in _RATIONED
    }


@contextmanager
def open_world(endpoints: int) -> Iterator[tuple[SoakWorld, Counting]]:
    """A world of many endpoints, whose calls are counted."""
    world = SoakWorld(1, endpoints)
    tap = Counting(world)
    with (
        patch.object(product_clients, "client", tap.client),
        patch.object(ThreadPoolExecutor, "submit", run_at_once),
        patch("time.monotonic", lambda: world.clock.now().timestamp()),
    ):
        use(world)
        yield world, tap
    settings.cache_clear()
