"""Which entries of an update's timeline are told in chat while the update runs, and in which words."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.domain.naming import short_alarm_name
from switchover.domain.rollback import Move
from switchover.domain.units import say_count, say_roughly
from switchover.explain.account import say_cause
from switchover.explain.deviations import say_hotfix, say_overrides
from switchover.explain.waits import say_starter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update

_WAITING = "AwaitOutcome"
# SageMaker's text for a stage (DescribeEndpoint, VariantStatus), and the words that we add to it.
_BAKING = re.compile(r"Baking for (\d+) seconds")
_RED = re.compile(r" Red: (?P<names>.+)\.$")
_IN_SERVICE = "InService on "
# How RollBack words that nothing is left to do (domain/rollback.py): SageMaker itself has rolled back.
_IS_BACK = f"{Move.NOTHING.told}: "


class ChatStage(StrEnum):
    """A stage of a running update that people in a chat are told."""

    STARTED = "started"
    BAKING = "baking"
    ALARM_RED = "alarm red"
    MOVED = "moved"
    ROLLING_BACK = "rolling back"
    ABORTED = "abort requested"
    ANSWERED = "answered"


# Told once of an update. The others are told once for each entry of the timeline.
_ONCE = frozenset({ChatStage.STARTED, ChatStage.ALARM_RED, ChatStage.MOVED, ChatStage.ROLLING_BACK})
_OF_STATE = {
    "RollBack": ChatStage.ROLLING_BACK,
    "Abort": ChatStage.ABORTED,
    "RecordApproval": ChatStage.ANSWERED,
}


def find_stage(moment: Moment) -> ChatStage | None:
    """The stage that an entry of the timeline tells; None for an entry that chat leaves out."""
    if moment.state != _WAITING:
        return _OF_STATE.get(moment.state)
    if _RED.search(moment.text):
        return ChatStage.ALARM_RED
    if _BAKING.match(moment.text):
        return ChatStage.BAKING
    if moment.text.startswith(_IN_SERVICE):
        return ChatStage.MOVED
    return ChatStage.STARTED


def is_true_of(stage: ChatStage, update: Update, moment: Moment) -> bool:
    """Whether a stage is worth a message: an endpoint in service on its previous config hasn't moved."""
    return (
        stage is not ChatStage.MOVED
        or moment.text == f"{_IN_SERVICE}{update.planned.target.config}."
    )


def name_event(stage: ChatStage, entry: str) -> str:
    """The name of the event, by which it is told once. `entry` is the key of the timeline's entry."""
    name = stage.value.replace(" ", "-")
    return name if stage in _ONCE else f"{name}-{entry}"


def say_stage(stage: ChatStage, update: Update, moment: Moment) -> str:
    """The state of an update in a word or three."""
    if stage is ChatStage.ROLLING_BACK and moment.text.startswith(_IS_BACK):
        return f"back on {update.planned.previous.version}"
    bake = _BAKING.match(moment.text)
    if stage is not ChatStage.BAKING or bake is None:
        return stage.value
    new = say_count(moment.new_instances or 0, "new instance")
    return f"baking for {say_roughly(int(bake[1]))}, {new}"


def tell_stage(stage: ChatStage, update: Update, moment: Moment) -> Iterator[str]:
    """The lines about a stage."""
    match stage:
        case ChatStage.STARTED:
            yield from _tell_start(update)
        case ChatStage.BAKING:
            yield f"SageMaker says: {moment.text}"
            yield _count_fleets(moment)
            yield "A red alarm now rolls the update back."
        case ChatStage.ALARM_RED:
            yield f"{_name_alarms(moment.text)} went red while the update was under way."
            yield "SageMaker rolls back if an alarm is red during a bake. The outcome follows here."
        case ChatStage.MOVED:
            yield f"All traffic goes to {update.version}. Its tests and the watch follow."
        case ChatStage.ROLLING_BACK:
            yield from _tell_way_back(update, moment)
        case ChatStage.ABORTED | ChatStage.ANSWERED:
            yield moment.text


def _tell_start(update: Update) -> Iterator[str]:
    plan = update.planned
    pace = plan.deployment.pace
    steps = f" in steps of {pace.step_instances}" if pace.steps > 1 else ""
    yield (
        f"From {plan.previous.version} to {plan.target.version} by {pace.strategy.value}:"
        f" {say_count(pace.instances, 'instance')}{steps},"
        f" about {say_roughly(plan.times.expected_seconds)}."
    )
    if starter := say_starter(update):
        yield f"Requested by {starter}." if update.offered_by else f"Requested: {starter}."
    yield from (told for told in (say_hotfix(update), say_overrides(update)) if told)


def _tell_way_back(update: Update, moment: Moment) -> Iterator[str]:
    previous = update.planned.previous.version
    move, _, why = moment.text.partition(": ")
    if moment.text.startswith(_IS_BACK):
        yield f"{previous} serves again. What the update changed is being restored."
    else:
        yield f"Back to {previous}: {move}."
    cause = [say_cause(reason) for reason in update.way_back.cause[:1]]
    yield from (f"Why: {told}" for told in cause or [why])


def _count_fleets(moment: Moment) -> str:
    old = say_count(moment.old_instances or 0, "instance")
    new = say_count(moment.new_instances or 0, "instance")
    return f"Old fleet: {old}; new fleet: {new}."


def _name_alarms(text: str) -> str:
    found = _RED.search(text)
    names = found["names"].split(", ") if found else []
    short = ", ".join(short_alarm_name(name) for name in names)
    return f"{'Alarms' if len(names) > 1 else 'Alarm'} {short}"
