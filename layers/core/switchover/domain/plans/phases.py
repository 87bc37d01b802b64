"""An update from its request to its end, phase by phase (rules §2.6).

Duration, peak, extra instances, deadline and every drawing of an update come from here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from pydantic import BaseModel, ConfigDict

from switchover.domain.plans.pacing import share_of
from switchover.domain.policies.policy import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.domain.plans.pacing import Pace

# AWS documents neither. Its sample event bakes 121 s after the update began, launch included (rules
# §5): a shift of traffic is a matter of seconds. Both are assumptions; where they are wrong, the
# difference becomes part of the ready time that is learnt from the endpoint's own updates.
ACTIVATE_SECONDS = 10
TERMINATE_SECONDS = 30
# An endpoint that is gone may send no event (rules §5), so that AwaitDeletion has it looked at every
# 15 s: on average half of that goes by until it is noticed.
NOTICE_SECONDS = 8


class PhaseName(StrEnum):
    """What SageMaker does in a phase."""

    LAUNCHING = "launching"
    ACTIVATING = "activating"
    BAKING = "baking"
    TERMINATING = "terminating"


class Phase(BaseModel):
    """One stretch of an update in which nothing changes.

    The instances are those that stand all through it: one that is launching or terminating counts
    until the phase is over. `new_share` (0–1) of the traffic reaches the new fleet; for a canary it is
    the least that is possible, and in a redeploy 0, since nothing serves.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: PhaseName
    seconds: int
    old_instances: int
    new_instances: int
    new_share: float


def phases_of(pace: Pace, ready_seconds: int) -> tuple[Phase, ...]:
    """Every phase of the update, in order, if a new instance is ready after `ready_seconds`."""
    match pace.strategy:
        case Strategy.ROLLING:
            phases = _roll(pace, ready_seconds)
        case Strategy.CANARY | Strategy.LINEAR | Strategy.ALL_AT_ONCE:
            phases = _turn_green(pace, ready_seconds)
        case Strategy.REDEPLOY:
            phases = [
                _phase(
                    PhaseName.TERMINATING,
                    TERMINATE_SECONDS + NOTICE_SECONDS,
                    pace.old_instances,
                    0,
                    0,
                ),
                _phase(PhaseName.LAUNCHING, ready_seconds, 0, pace.instances, 0),
            ]
        case _:
            assert_never(pace.strategy)
    return tuple(phase for phase in phases if phase.seconds)


def duration_seconds(phases: Iterable[Phase]) -> int:
    """How long the phases take together."""
    return sum(phase.seconds for phase in phases)


def peak_instances(phases: Iterable[Phase]) -> int:
    """The most instances that stand at once."""
    return max(phase.old_instances + phase.new_instances for phase in phases)


def rollback_peak_instances(pace: Pace, phases: Iterable[Phase]) -> int:
    """The most instances that stand at once if SageMaker turns back at the worst moment.

    A rolling rollback launches old instances again while the new ones still stand (rules §8.19).
    """
    back = pace.rollback_batch_instances if pace.strategy is Strategy.ROLLING else 0
    return max(
        phase.old_instances
        + phase.new_instances
        + min(back, pace.old_instances - phase.old_instances)
        for phase in phases
    )


def extra_instance_seconds(phases: Iterable[Phase], usual_instances: int) -> int:
    """Instance-seconds above the usual fleet, counted from each launch's beginning."""
    return sum(
        phase.seconds * max(0, phase.old_instances + phase.new_instances - usual_instances)
        for phase in phases
    )


def _turn_green(pace: Pace, ready_seconds: int) -> list[Phase]:
    """Blue/green: the whole new fleet first, then traffic, then the old fleet goes."""
    old, new = pace.old_instances, pace.instances
    phases = [_phase(PhaseName.LAUNCHING, ready_seconds, old, new, 0)]
    share = 0.0
    for reached in pace.reach:
        phases.append(_phase(PhaseName.ACTIVATING, ACTIVATE_SECONDS, old, new, share))
        share = _share_after(pace, reached)
        wait = pace.termination_wait_seconds if reached == new else pace.bake_seconds
        phases.append(_phase(PhaseName.BAKING, wait, old, new, share))
    phases.append(_phase(PhaseName.TERMINATING, TERMINATE_SECONDS, old, new, 1))
    return phases


def _roll(pace: Pace, ready_seconds: int) -> list[Phase]:
    """Rolling: every batch is launched, shifted to and baked, and only then an old one goes."""
    old, share = pace.old_instances, 0.0
    phases = []
    for reached in pace.reach:
        phases.append(_phase(PhaseName.LAUNCHING, ready_seconds, old, reached, share))
        phases.append(_phase(PhaseName.ACTIVATING, ACTIVATE_SECONDS, old, reached, share))
        share = _share_after(pace, reached)
        phases.append(_phase(PhaseName.BAKING, pace.bake_seconds, old, reached, share))
        staying = 0 if reached == pace.instances else max(0, pace.old_instances - reached)
        if staying < old:
            phases.append(_phase(PhaseName.TERMINATING, TERMINATE_SECONDS, old, reached, share))
        old = staying
    return phases


def _share_after(pace: Pace, reached: int) -> float:
    if reached == pace.instances:
        return 1
    if pace.strategy is Strategy.CANARY:
        return share_of(reached, pace.old_instances)
    return share_of(reached, max(0, pace.old_instances - reached))


def _phase(name: PhaseName, seconds: int, old: int, new: int, share: float) -> Phase:
    return Phase(name=name, seconds=seconds, old_instances=old, new_instances=new, new_share=share)
