"""Plays stories with faults, and returns each update's outcome and broken invariants.

The part before a fault is played once for all cases: at a step where cases begin, the process forks, and
each child continues with one case.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NoReturn
from unittest.mock import patch

from tests.support.faults.excuses import excused_by
from tests.support.faults.injected import Call, Tap, run_at_once
from tests.support.faults.invariants import broken_by
from tests.support.faults.stories import STORIES, Story
from tests.support.ledger_table import table_in_memory
from tests.support.scene import ENDPOINT
from tests.support.world import World

from switchover.aws import clients as product_clients
from switchover.settings import settings
from switchover_local.twin.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.support.faults.cases import Case
    from tests.support.faults.kinds import Fault

    from switchover.domain.outcome import Outcome

_Ended = tuple["Outcome | None", "Mapping[str, str]"]
_SETTLE_SECONDS = 900
_FINISHED_SECONDS = 2 * 3600
_LATER_SECONDS = 3600
# No case takes a tenth of this, unless it never ends.
_CPU_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a case: its outcome, if there is one, and each broken invariant."""

    case: Case
    outcome: Outcome | None
    broken: Mapping[str, str] = field(default_factory=dict)


@cache
def find_steps(story: Story) -> dict[Call | str, int]:
    """Every call, function and state of a story without faults, each with its first step."""
    with open_world() as tap:
        tell(tap.world, story)
        if (broken := broken_by(tap, story)) or _outcome(tap.world) is not story.ends:
            raise AssertionError(f"{story.name} went wrong by itself: {broken}")
        return tap.first_steps


def run(case: Case) -> Result:
    """Play the story with its faults."""
    story = _stories()[case.story]
    with open_world(case.faults) as tap:
        return Result(case, *_finish(tap, story))


def run_all(cases: Iterable[Case]) -> list[Result]:
    """Play each story once, and from each step on again for each case that begins there."""
    by_story: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_story[case.story].append(case)
    return [result for name, some in by_story.items() for result in _branch_off(name, some)]


def _branch_off(name: str, cases: list[Case]) -> list[Result]:
    story = _stories()[name]
    with open_world() as tap:
        branching = _Branching(tap, cases)
        try:
            ended = _finish(tap, story)
        except _AllTold:
            return branching.results
        return branching.send(ended)


class _AllTold(BaseException):
    """No case begins later in this story."""


class _Branching:
    """Forks a child for each case at the step where its fault begins, and waits for its result."""

    def __init__(self, tap: Tap, cases: list[Case]) -> None:
        self.results: list[Result] = []
        self._tap = tap
        self._left: dict[int, list[Case]] = defaultdict(list)
        for case in cases:
            self._left[case.step].append(case)
        self._pipe: int | None = None
        tap.on_step = self._fork

    def send(self, ended: _Ended) -> NoReturn:
        """Report the result of a child's case, and end the child."""
        assert self._pipe is not None, f"no step {sorted(self._left)} came"
        with os.fdopen(self._pipe, "wb") as pipe:
            pickle.dump(ended, pipe)
        os._exit(0)

    def _fork(self, step: int) -> None:
        for case in self._left.pop(step, ()):
            reading, writing = os.pipe()
            if os.fork() == 0:
                signal.setitimer(signal.ITIMER_VIRTUAL, _CPU_SECONDS)
                self._pipe = writing
                self._tap.on_step = lambda _step: None
                _plant(self._tap, case.faults)
                return
            os.close(writing)
            self.results.append(Result(case, *_receive(reading)))
        if not self._left:
            raise _AllTold


def _receive(reading: int) -> _Ended:
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.wait()
    if not said:
        return None, {"ended": f"it didn't in {_CPU_SECONDS} s of processor time"}
    ended: _Ended = pickle.loads(said)  # noqa: S301 - our own child said it
    return ended


@contextmanager
def open_world(faults: tuple[Fault, ...] = ()) -> Iterator[Tap]:
    """The world before a story, with faults; its table is in memory, and all of its time is virtual."""
    world = World(Scenario(), table_in_memory())
    tap = Tap(world)
    with (
        patch.object(product_clients, "client", tap.client),
        patch.object(ThreadPoolExecutor, "submit", run_at_once),
        patch("time.monotonic", lambda: world.clock.now().timestamp()),
    ):
        world.begin(instances=4, requests_per_second=0.5)
        tap.forget()
        _plant(tap, faults)
        yield tap
    settings.cache_clear()


def _plant(tap: Tap, faults: tuple[Fault, ...]) -> None:
    tap.faults = faults
    for fault in faults:
        fault.plant(tap)


def _finish(tap: Tap, story: Story) -> _Ended:
    """Play the rest of a story; check at the end, and again an hour later."""
    world = tap.world
    excused = excused_by(tap, story)
    try:
        tell(world, story)
        if "claim released" not in excused:
            _finish_later(world)
        broken = broken_by(tap, story)
        world.clock.advance(_LATER_SECONDS)
        if world.executions:
            world.run()
    except Exception as error:  # noqa: BLE001 - one case must not keep the others from being told
        return None, {"ended": f"{type(error).__name__}: {error}"}
    later = {key: f"{found} (an hour later)" for key, found in broken_by(tap, story).items()}
    # The first fault may prevent the second one.
    if tap.faults and not tap.hits[tap.faults[0]]:
        later["met"] = f"{tap.faults[0].name} never came"
    excused = excused_by(tap, story)
    found = {key: said for key, said in (later | broken).items() if key not in excused}
    return _outcome(world), found


def tell(world: World, story: Story) -> None:
    """Play a story until nothing runs any more."""
    story.tell(world)
    world.clock.advance(_SETTLE_SECONDS)
    if world.executions:
        world.run()


def _finish_later(world: World) -> None:
    """Let the later checks finish work that had to wait for SageMaker, or whose event was lost."""
    if world.executions and world.ledger.claim(ENDPOINT) is not None:
        world.clock.run_until(lambda: world.ledger.claim(ENDPOINT) is None, _FINISHED_SECONDS)
        world.run()


def _outcome(world: World) -> Outcome | None:
    update = world.ledger.find(world.executions[0].name) if world.executions else None
    return update.outcome if update else None


@cache
def _stories() -> dict[str, Story]:
    return {story.name: story for story in STORIES}
