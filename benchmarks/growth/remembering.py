"""The reads of planning, history, status and the sweeps, by the ledger's size.

One update is played to its end; then its items are copied under other ids and times, to the given number.
"""

from __future__ import annotations

import time
import zlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.support.laptop import deployment_of
from tests.support.walker import Status

from benchmarks.growth.crowd import begin, open_world
from benchmarks.growth.fitting import table_with_exponents
from switchover.domain.marks import Mark
from switchover.domain.queueing import Claim
from switchover_cli.commands.history import read_last_of_each
from switchover_cli.standing import read_status, record_status

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.expressions import Item
    from tests.support.walker import Execution

    from benchmarks.soak.world import SoakWorld
    from switchover_cli.records import StatusRecord

SIZES = (1, 10, 100, 1_000, 10_000)
ENDPOINTS = (1, 10, 100, 1_000)
_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
_BETWEEN = timedelta(hours=4)
_BAD_OF = 20  # one of this many updates marked its version bad
_PLAN, _SWEEP = (
    f"arn:aws:lambda:::function:{name}Function" for name in ("PlanUpdate", "StartQueued")
)
_LONGEST_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Reading:
    """The reads of one act, by the ledger's size."""

    size: int
    calls: int
    read_units: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Readings:
    """All acts on ledgers of every size."""

    acts: dict[str, list[Reading]]

    def draw(self, act: str, what: str) -> str:
        """The table of one act."""
        return table_with_exponents(
            (what, "calls", "read units", "CPU, s"),
            [(r.size, r.calls, r.read_units, r.cpu_seconds) for r in self.acts[act]],
            (0, 0, 1, 3),
        )


def by_updates(sizes: Sequence[int] = SIZES) -> Readings:
    """Plan, history and status of one endpoint, by its number of past updates."""
    return _gather(_read_endpoint, sizes)


def by_endpoints(sizes: Sequence[int] = ENDPOINTS) -> Readings:
    """The sweep of the queues, and the history of all endpoints, by the number of endpoints."""
    return _gather(_read_endpoints, sizes)


def _gather(read: Callable[[int], dict[str, Reading]], sizes: Sequence[int]) -> Readings:
    acts: defaultdict[str, list[Reading]] = defaultdict(list)
    for size in sizes:
        for act, reading in read(size).items():
            acts[act].append(reading)
    return Readings(acts)


def _read_endpoint(size: int) -> dict[str, Reading]:
    with open_world(1) as (world, _):
        [name] = world.names
        _play(world, "v2")
        _copy(world, name, size)
        deployment = deployment_of(world)

        def status() -> StatusRecord:
            return record_status(read_status(deployment, name))

        return {
            "history": _measure(world, size, lambda: deployment.ledger.history(name)),
            "status": _measure(world, size, status),
            "PlanUpdate": _plan(world, size, name),
        }


def _read_endpoints(size: int) -> dict[str, Reading]:
    with open_world(1) as (world, _):
        _play(world, "v2")
        names = [f"other-{number:04}" for number in range(size)]
        for name in names:
            _offer(world, name)
            _copy(world, name, 1)
        deployment = deployment_of(world)
        acts = {
            "history": _measure(world, size, lambda: read_last_of_each(deployment, 20)),
            "sweep, at rest": _sweep(world, size),
        }
        for name in names:
            _hold(world, name)
        return {**acts, "sweep, held": _sweep(world, size)}


def _play(world: SoakWorld, version: str) -> None:
    """Create the only endpoint, and play one update of it to its end."""
    begin(world)
    world.offer(version, endpoint=world.names[0])
    world.clock.advance(120)
    world.clock.run_until(lambda: world.is_at_rest, _LONGEST_SECONDS)
    [played] = world.executions
    if played.state != "Updated":
        raise AssertionError(f"the update that is copied ended as {played.state}")


def _copy(world: SoakWorld, endpoint: str, times: int) -> None:
    """Copy the items of the played update, to many earlier updates of an endpoint."""
    [played] = world.executions
    template = world.names[0]
    items = [
        item
        for (pk, sk), item in world.table.items.items()
        if pk == f"update#{played.name}" and not sk.startswith("moment#")
    ]
    served = next(item for (_, sk), item in world.table.items.items() if sk.startswith("served#"))
    for number in range(times):
        at = _BEFORE + number * _BETWEEN
        update_id = f"{endpoint}-{number:05}"
        words = {played.name.encode(): update_id.encode(), template.encode(): endpoint.encode()}
        for item in items:
            told = {"pk": f"update#{update_id}", "endpoint": endpoint}
            told["started_at"] = f"{at.isoformat()}#{update_id}"
            world.table.put_item(Item=_reword(item, words, told))
        told = {"pk": f"endpoint#{endpoint}", "sk": f"served#{at.isoformat()}"}
        world.table.put_item(Item=_reword(served, words, told))
        if number % _BAD_OF == 0:
            world.wishes.add_mark(
                Mark(endpoint=endpoint, version=f"v{number}", reason="It rolled back.", at=at)
            )


def _reword(item: Item, words: dict[bytes, bytes], told: dict[str, str]) -> Item:
    """An item with other texts in its bodies, and with other values of existing attributes."""
    made = {**item, **{name: {"S": text} for name, text in told.items() if name in item}}
    for name in ("body", "listed"):
        if name in item:
            ((kind, value),) = item[name].items()
            raw = zlib.decompress(value) if kind == "B" else value.encode()
            for old, new in words.items():
                raw = raw.replace(old, new)
            made[name] = {"B": zlib.compress(raw)} if kind == "B" else {"S": raw.decode()}
    return made


def _measure(world: SoakWorld, size: int, act: Callable[[], object]) -> Reading:
    calls, units = world.table.calls.total(), world.table.read_units
    worked = time.process_time()
    act()
    rested = time.process_time()
    return Reading(
        size,
        world.table.calls.total() - calls,
        world.table.read_units - units,
        rested - worked,
    )


def _plan(world: SoakWorld, size: int, name: str) -> Reading:
    """PlanUpdate of one more release, run just before the execution would run it."""
    found: list[Reading] = []

    def look(execution: Execution) -> None:
        if execution.state == "PlanUpdate" and not found:
            payload = {"update_id": execution.name}
            found.append(_measure(world, size, lambda: world.lambdas.invoke(_PLAN, payload)))

    world.wake(name)
    world.stepfunctions.before_state = look
    world.offer("v3", endpoint=name)
    world.clock.run_until(lambda: bool(found), _LONGEST_SECONDS)
    return found[0]


def _sweep(world: SoakWorld, size: int) -> Reading:
    """The check of all queues, every 15 minutes."""
    payload = {"time": world.clock.now().isoformat()}
    return _measure(
        world,
        size,
        lambda: world.lambdas.invoke(_SWEEP, payload),
    )


def _offer(world: SoakWorld, name: str) -> None:
    """A release.json in an endpoint's folder, without its event."""
    key = f"releases/{name}/v2/release.json"
    world.s3.put_object(Bucket=world.bucket, Key=key, Body=b"{}")


def _hold(world: SoakWorld, name: str) -> None:
    """An endpoint's claim that a running execution holds."""
    arn = f"{world.stepfunctions.machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    now = world.clock.now()
    world.ledger.take_claim(Claim(name, f"{name}-00000", arn, now), f"{now.isoformat()}#{name}")
    running: Any = SimpleNamespace(
        arn=arn, name=name, status=Status.RUNNING, started_at=now, ended_at=None, request={}
    )
    world.stepfunctions.executions[arn] = running
