"""Plants one fault at a time in a story, and says how the update ended and what it broke."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from unittest.mock import patch

from moto import mock_aws
from tests.statemachine.faults_injected import CRASHES, Call, Fault, Kind, Tap, state_of
from tests.statemachine.faults_invariants import broken_by, excused_by
from tests.statemachine.faults_stories import STORIES, Story
from tests.statemachine.scene import ENDPOINT
from tests.statemachine.world import World

from switchover.aws import clients as product_clients
from switchover.settings import settings
from switchover_local.twin.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.domain.outcome import Outcome

_FOR_EVER = 1_000_000
_SETTLE_SECONDS = 900
_FINISHED_SECONDS = 2 * 3600
# Denied once is no case: what a role may not do, it may never do.
ONCE = (Kind.THROTTLED, Kind.SERVER_ERROR, Kind.NO_CONNECTION, Kind.LOST_ANSWER)
FOR_EVER = (Kind.DENIED, Kind.SERVER_ERROR, Kind.NO_CONNECTION, Kind.LOST_ANSWER)


@dataclass(frozen=True, slots=True)
class Case:
    """One fault in one story."""

    story: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Result:
    """How a case ended: its outcome, if there is one, and each invariant that is broken."""

    case: Case
    outcome: Outcome | None
    broken: Mapping[str, str] = field(default_factory=dict)


@cache
def find_calls(story: Story) -> tuple[Call, ...]:
    """Every call that a story makes if nothing fails, and every function that it runs, in order."""
    with _open(story) as tap:
        _tell(tap.world, story)
        if (broken := broken_by(tap.world, story)) or _outcome(tap.world) is not story.ends:
            raise AssertionError(f"{story.name} went wrong by itself: {broken}")
        functions = (
            Call(state_of(name, payload), name) for name, payload in tap.world.lambdas.calls
        )
        return tuple(dict.fromkeys((*functions, *tap.calls)))


def find_cases(stories: tuple[Story, ...] = STORIES) -> tuple[Case, ...]:
    """Each call and function with each fault, in the first story that comes to it.

    A crash, and what is for ever, belongs to a function: it is planted in the first of its states.
    """
    first: dict[tuple[object, ...], Case] = {}
    for story in stories:
        for call in find_calls(story):
            for fault in faults_of(call):
                first.setdefault(
                    (fault.kind, fault.is_for_ever, *fault.reach), Case(story.name, fault)
                )
    return tuple(first.values())


def faults_of(call: Call) -> Iterator[Fault]:
    """Every fault that a call, or a function, can have."""
    kinds = (ONCE, FOR_EVER) if call.service else (tuple(sorted(CRASHES)),) * 2
    for is_for_ever, some in zip((False, True), kinds, strict=True):
        for kind in some:
            # A reading without its answer is one that wasn't made: that is the fault before it.
            if not (kind is Kind.LOST_ANSWER and call.is_reading):
                yield Fault(call, kind, is_for_ever)


def run(case: Case) -> Result:
    """Tell the story with its fault in it."""
    story = _stories()[case.story]
    with _open(story, case.fault) as tap:
        world = tap.world
        excused = excused_by(case.fault, story)
        try:
            _tell(world, story)
            if "claim released" not in excused:
                _finish(world)
        except Exception as error:  # noqa: BLE001 - one case must not keep the others from being told
            return Result(case, None, {"ended": f"{type(error).__name__}: {error}"})
        broken = broken_by(world, story)
        return Result(case, _outcome(world), {k: v for k, v in broken.items() if k not in excused})


@contextmanager
def _open(story: Story, fault: Fault | None = None) -> Iterator[Tap]:
    world = World(Scenario())
    tap = Tap(world, fault)
    with mock_aws(), patch.object(product_clients, "client", tap.client):
        world.begin(instances=4, requests_per_second=0.5)
        if fault is not None and fault.kind in CRASHES:
            _plan_crash(world, fault)
        yield tap
    settings.cache_clear()


def _plan_crash(world: World, fault: Fault) -> None:
    world.crash(
        fault.call.function.removesuffix("Function"),
        times=_FOR_EVER if fault.is_for_ever else 1,
        after=fault.kind is Kind.CRASH_AFTER,
    )


def _tell(world: World, story: Story) -> None:
    story.tell(world)
    world.clock.advance(_SETTLE_SECONDS)
    if world.executions:
        world.run()


def _finish(world: World) -> None:
    """Let be done later what had to wait for SageMaker, or what no event told of."""
    if world.executions and world.ledger.claim(ENDPOINT) is not None:
        world.clock.run_until(lambda: world.ledger.claim(ENDPOINT) is None, _FINISHED_SECONDS)
        world.run()


def _outcome(world: World) -> Outcome | None:
    update = world.ledger.find(world.executions[0].name) if world.executions else None
    return update.outcome if update else None


@cache
def _stories() -> dict[str, Story]:
    return {story.name: story for story in STORIES}
