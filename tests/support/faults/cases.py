"""The cases: each fault in the first story that reaches its call, function or state."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from random import Random
from typing import TYPE_CHECKING

from tests.support.definition import Choice, read_definition
from tests.support.faults.injected import Call
from tests.support.faults.kinds import CRASHES, Failure, Fault, Kind, LateAct, Storm
from tests.support.faults.outside import THINGS
from tests.support.faults.people import Outside, Stop
from tests.support.faults.runs import find_steps
from tests.support.faults.stories import STORIES, Story

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# "Denied once" is no case: a missing permission stays missing.
ONCE = (Kind.THROTTLED, Kind.SERVER_ERROR, Kind.NO_CONNECTION, Kind.LOST_ANSWER)
FOR_EVER = (Kind.DENIED, Kind.SERVER_ERROR, Kind.NO_CONNECTION, Kind.LOST_ANSWER)
LATE_SECONDS = (2, 20, 90)
# The SDK tries four times, so the longest storm lasts for 50 calls.
STORMS = (10, 40, 200)
# States in which a recovery may be stopped too.
RECOVERING = (
    "ClaimEndpoint", "RollBack", "AwaitRollback", "RestoreCapacity", "RecordOutcome", "Announce",
)  # fmt: skip
FAMILIES = ("failure", "late", "storm", "stop", "outside", "pair")
# States in which the endpoint may move, so that the strategy matters.
_MOVING = frozenset({"StartUpdate", "AwaitOutcome", "RollBack", "AwaitRollback", "RestoreCapacity"})
PAIRS_SEED = 1
_PAIRS_PER_STORY = 40


@dataclass(frozen=True, slots=True)
class Case:
    """Faults in one story; `step` is where the first of them begins."""

    story: str
    faults: tuple[Fault, ...]
    step: int

    @property
    def family(self) -> str:
        """The kind of its fault; pairs are a separate kind."""
        return self.faults[0].family if len(self.faults) == 1 else "pair"

    @property
    def name(self) -> str:
        """The name by which a person selects the case."""
        return ":".join((self.story, "+".join(fault.name for fault in self.faults)))


def find_cases(stories: tuple[Story, ...] = STORIES, seed: int = PAIRS_SEED) -> tuple[Case, ...]:
    """Each single fault, in the first story that reaches it; then pairs, drawn by the seed."""
    found: dict[object, Case] = {}
    for story in stories:
        for fault, step in _faults_in(story):
            found.setdefault(_identity(fault, story), Case(story.name, (fault,), step))
    return (*found.values(), *_pairs(tuple(found.values()), seed))


def _identity(fault: Fault, story: Story) -> object:
    """A key that is equal for equal faults."""
    match fault:
        case Stop(then=""):
            return fault, story.pace, bool(story.cause)
        case LateAct() | Outside() if fault.state in _MOVING:
            return fault, story.pace
        case Failure():
            # A crash, or a fault for ever, belongs to a function: its first state stands for all.
            return fault.kind, fault.is_for_ever, fault.reach
        case _:
            return fault


def _faults_in(story: Story) -> Iterator[tuple[Fault, int]]:
    """Every single fault that may happen in a story, with its step."""
    steps = find_steps(story)
    for met, step in steps.items():
        faults = _faults_of_state(met) if isinstance(met, str) else _faults_of_call(met)
        for fault in faults:
            yield fault, step
    for state, step in _first_of_state(steps).items():
        for throttles in STORMS:
            yield Storm(Call(state, "", "dynamodb", "*"), throttles), step


def _first_of_state(steps: dict[Call | str, int]) -> dict[str, int]:
    first: dict[str, int] = {}
    for met, step in steps.items():
        if isinstance(met, Call) and met.service == "dynamodb":
            first.setdefault(met.state, step)
    return first


def _faults_of_call(call: Call) -> Iterator[Fault]:
    kinds = (ONCE, FOR_EVER) if call.service else (tuple(sorted(CRASHES)),) * 2
    for is_for_ever, some in zip((False, True), kinds, strict=True):
        for kind in some:
            # A reading without an answer equals a reading that wasn't made, which is the fault before it.
            if not (kind is Kind.LOST_ANSWER and call.is_reading):
                yield Failure(call, kind, is_for_ever)
    if not call.service:
        return
    for throttles in STORMS:
        if call.service != "dynamodb":
            yield Storm(call, throttles)
    if not call.is_reading:
        is_of_state = call.state in read_definition().states
        for seconds, is_stopped in product(LATE_SECONDS, (True, False)):
            if is_of_state or not is_stopped:
                yield LateAct(call, seconds, is_stopped)


def _faults_of_state(state: str) -> Iterator[Fault]:
    if isinstance(read_definition().states[state], Choice):
        return  # at the same instant as the state that it leads to
    for then in ("", *RECOVERING):
        yield Stop(state, then)
    for thing in THINGS:
        yield Outside(state, thing)


def _pairs(singles: tuple[Case, ...], seed: int) -> Iterator[Case]:
    """For each story, pairs that begin in different steps: each kind of fault with each other kind."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    for story in dict.fromkeys(case.story for case in singles):
        own = [case for case in singles if case.story == story and not _is_for_ever(case)]
        for one, other in _cover(own, random):
            first, second = sorted((one, other), key=lambda case: case.step)
            yield Case(story, (*first.faults, *second.faults), first.step)


def _cover(cases: list[Case], random: Random) -> Iterator[tuple[Case, Case]]:
    """Pairs in which every two ways to fail meet once, at calls and states drawn at random."""
    ways: dict[str, list[Case]] = {}
    for case in cases:
        ways.setdefault(_way(case.faults[0]), []).append(case)
    wanted = [pair for pair in product(ways, ways) if pair[0] <= pair[1]]
    random.shuffle(wanted)
    for one, other in wanted[:_PAIRS_PER_STORY]:
        pair = random.choice(ways[one]), random.choice(ways[other])
        if pair[0].step != pair[1].step:
            yield pair


def _way(fault: Fault) -> str:
    match fault:
        case Failure():
            return f"{fault.kind}"
        case Stop():
            return "stop twice" if fault.then else "stop"
        case Outside():
            return fault.thing
        case Storm():
            return f"storm {fault.throttles}"
        case LateAct():
            return f"late {fault.is_stopped}"
    raise TypeError(fault)


def _is_for_ever(case: Case) -> bool:
    return any(isinstance(fault, Failure) and fault.is_for_ever for fault in case.faults)


def choose(
    cases: Iterable[Case],
    *,
    family: str | None = None,
    state: str | None = None,
    name: str | None = None,
    shard: tuple[int, int] = (1, 1),
) -> tuple[Case, ...]:
    """The selected cases; of these every n-th, from the shard's number on."""
    wanted = [
        case
        for case in cases
        if (family is None or case.family == family)
        and (state is None or any(fault.state == state for fault in case.faults))
        and (name is None or case.name == name)
    ]
    mine, shards = shard
    return tuple(wanted[mine - 1 :: shards])
