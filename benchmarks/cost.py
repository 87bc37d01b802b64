"""The cost of one update and of an idle month on AWS: ours compared with the guide's polling loop.

    python -m benchmarks.cost

Runs updates of an hour and of eight hours on the walker, in virtual time (benchmarks/waiting.py),
counts the billed units, and multiplies them by list prices. Prints tables, and writes nothing.

A function's time isn't measured, as virtual time stops while it runs. Each run is assumed to take
`RUN_SECONDS`, cold starts included, and each golden request `ANSWER_SECONDS`. Both machines are counted
in the same way, and no free tier is subtracted. benchmarks/prices.py has the prices and their sources.
SageMaker's instances are left out.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from tests.support import clients

from benchmarks.prices import (
    ALARM_MONTH,
    LAMBDA_GB_SECOND,
    LAMBDA_RUN,
    LOG_GB,
    METRIC_READ,
    PRICES,
    READ_UNIT,
    TRACE,
    TRANSITION,
    WRITE_UNIT,
)
from benchmarks.waiting import ROLLOUTS, Rollout, open_world, run_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

# Assumptions, all on the high side. The last one is for a warm run that reads one item and ends.
RUN_SECONDS = 1.0
ANSWER_SECONDS = 2.0
_EXIT_SECONDS = 0.05
_GB = 0.5
# Bytes of a function's own log line and of Lambda's report, per run.
_LOG_BYTES = 700
_DAYS = 30
_DAY_SECONDS = 24 * 3600
# 10,000 unrelated alarms, each of which goes red once an hour.
_FLAPPING = 10_000
_RED_A_MONTH = _DAYS * 24
_GOLDEN = "tests: {golden: golden/vlm.jsonl}\n"


@dataclass(frozen=True, slots=True)
class Use:
    """The units that AWS bills."""

    transitions: float = 0
    runs: float = 0
    function_seconds: float = 0
    written_units: float = 0
    read_units: float = 0
    metrics_read: float = 0
    alarm_months: float = 0
    traces: float = 0

    @property
    def dollars(self) -> float:
        """The cost by AWS's list prices in us-east-1."""
        return sum(
            price.dollars * used
            for price, used in (
                (TRANSITION, self.transitions),
                (LAMBDA_RUN, self.runs),
                (LAMBDA_GB_SECOND, self.function_seconds * _GB),
                (LOG_GB, self.runs * _LOG_BYTES / 1e9),
                (WRITE_UNIT, self.written_units),
                (READ_UNIT, self.read_units),
                (METRIC_READ, self.metrics_read),
                (ALARM_MONTH, self.alarm_months),
                (TRACE, self.traces),
            )
        )

    def times(self, factor: float) -> Use:
        """The units multiplied by a number."""
        return Use(*(factor * getattr(self, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Traffic:
    """The requests to the endpoint during the update."""

    name: str
    requests_per_second: float
    has_golden: bool = False


TRAFFICS = (
    Traffic("0.5 requests/s", 0.5),
    Traffic("none, golden requests", 0, has_golden=True),
    Traffic("none, no golden requests", 0),
)


def main() -> None:
    """Measure updates and a month in which nothing is released."""
    console = Console(width=160)
    logging.disable()
    console.print("One update: the guide's 30-second loop, and ours by what the endpoint is asked")
    console.print(draw_updates())
    console.print(f"\n{_DAYS} days without a release")
    console.print(draw_months())
    console.print("\nList prices in us-east-1")
    console.print(draw_prices())


def use_of_update(rollout: Rollout, traffic: Traffic) -> Use:
    """The units of one update of ours, from release.json to its announcement."""
    with open_world(rollout, 0, traffic.requests_per_second) as world:
        world.put_policy(f"{rollout.policy}{_GOLDEN if traffic.has_golden else ''}")
        if traffic.has_golden:
            _put_golden(world)
        with metered(world) as meter:
            world.offer()
            world.clock.run_until(lambda: _is_judged(world), 48 * 3600)
        return meter.use(world)


def use_of_loop(rollout: Rollout) -> Use:
    """The units of the guide's loop for the same update; it has no tests, no ledger and no alarms."""
    cost = run_loop(rollout)
    runs = cost.invocations
    return Use(
        transitions=cost.transitions, runs=runs, function_seconds=runs * RUN_SECONDS, traces=runs
    )


def use_of_day() -> Use:
    """The units of a day without updates: the checks of the queues."""
    with open_world(ROLLOUTS[0], 0, 0.5) as world, metered(world) as meter:
        world.clock.advance(_DAY_SECONDS)
        return meter.use(world)


def use_of_alarms() -> Use:
    """The units of a month of unrelated alarms that go red."""
    with open_world(ROLLOUTS[0], 0, 0.5) as world, metered(world) as meter:
        event = {"detail": {"alarmName": "somebody-else's"}}
        world.lambdas.invoke("arn:aws:lambda:::function:WakeUpdateFunction", event)
        one = meter.use(world)
    count, seconds = _FLAPPING * _RED_A_MONTH, _DAYS * _DAY_SECONDS
    # X-Ray's default rule records the first run of each second, and 5 % of the others (Lambda Developer
    # Guide, "Visualize Lambda function invocations using AWS X-Ray").
    traces = min(count, seconds + 0.05 * max(0, count - seconds))
    return replace(one.times(count), function_seconds=count * _EXIT_SECONDS, traces=traces)


class Meter:
    """Counts units from its creation."""

    def __init__(self, world: World) -> None:
        self.calls: Counter[str] = Counter()
        (self._ledger,) = clients.tables()
        self._runs = len(world.lambdas.calls)
        self._written, self._read = self._ledger.written_units, self._ledger.read_units

    def use(self, world: World) -> Use:
        """The units used since the counter's creation."""
        runs = len(world.lambdas.calls) - self._runs
        asked = self.calls["InvokeEndpoint"]
        return Use(
            transitions=sum(each.transitions for each in (*world.executions, *world.guards)),
            runs=runs,
            function_seconds=runs * RUN_SECONDS + asked * ANSWER_SECONDS,
            written_units=self._ledger.written_units - self._written,
            read_units=self._ledger.read_units - self._read,
            metrics_read=self.calls["GetMetricData"],
            traces=runs,
        )


@contextmanager
def metered(world: World) -> Iterator[Meter]:
    """Count a world's calls and work."""
    meter = Meter(world)

    def count(model: Any, **_: Any) -> None:
        meter.calls[model.name] += 1

    with ExitStack() as stack:
        for service in ("sagemaker-runtime", "cloudwatch"):
            events = clients.client(service).meta.events
            events.register(f"before-call.{service}", count)
            stack.callback(events.unregister, f"before-call.{service}", count)
        yield meter


def _put_golden(world: World) -> None:
    line = json.dumps({"name": "sign", "body": {}, "expect": {"matches": "This is"}})
    world.s3.put_object(Bucket=world.bucket, Key="golden/vlm.jsonl", Body=line.encode())


def _is_judged(world: World) -> bool:
    """Whether the update ended, or waits for a person because the endpoint got no requests."""
    return bool(world.executions) and (
        world.executions[0].ended_at is not None or world.executions[0].state == "RequestPromotion"
    )


def draw_updates() -> Table:
    """A row for each update with its units."""
    table = _table("update", "endpoint is asked")
    for rollout in (each for each in ROLLOUTS if each.name in {"1 h", "8 h"}):
        _add(table, rollout.name, "the guide's loop", use_of_loop(rollout))
        for traffic in TRAFFICS:
            _add(table, "", traffic.name, use_of_update(rollout, traffic))
    return table


def draw_months() -> Table:
    """A row for each kind of month with its units."""
    table = _table("month", "")
    swept = use_of_day().times(_DAYS)
    _add(table, "the look every 15 minutes", "", swept)
    _add(table, "the dead letters' alarm", "", Use(alarm_months=1))
    _add(table, "two standing alarms, for each endpoint", "", Use(alarm_months=2))
    _add(table, f"{_FLAPPING:,} alarms of others, red once an hour", "", use_of_alarms())
    _add(table, "the same with AlarmNamePrefix", "", Use())
    return table


def draw_prices() -> Table:
    """Each price with the page that gives it, and the date of that page."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("a million of", "$", "source", "as of"):
        table.add_column(name, justify="right" if name == "$" else "left")
    for price in PRICES:
        table.add_row(price.name, f"{1e6 * price.dollars:,.3f}", price.source, price.as_of)
    return table


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in names:
        table.add_column(name, no_wrap=True)
    for name in ("transitions", "runs", "function s", "write units", "read units", "$"):
        table.add_column(name, justify="right")
    return table


def _add(table: Table, name: str, of: str, use: Use) -> None:
    counts = (
        use.transitions,
        use.runs,
        use.function_seconds,
        use.written_units,
        use.read_units,
    )
    dollars = f"{use.dollars:.4f}" if use.dollars < 1 else f"{use.dollars:,.2f}"
    table.add_row(name, of, *(f"{count:,.0f}" for count in counts), dollars)


if __name__ == "__main__":
    main()
