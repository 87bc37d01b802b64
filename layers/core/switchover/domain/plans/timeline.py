"""The phases of an update in order, with their durations."""

from __future__ import annotations

from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING, assert_never

from pydantic import BaseModel, ConfigDict

from switchover.domain.plans.pace import share_of
from switchover.domain.policies.choices import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.domain.plans.pace import Pace

# AWS documents neither number. In AWS's sample event the bake begins 121 s after the update, launch
# included (rules §5), so a traffic shift takes only seconds. Both numbers are assumptions. If they
# are wrong, the difference becomes part of the ready time that is measured in the endpoint's own
# updates.
ACTIVATE_SECONDS = 10
TERMINATE_SECONDS = 30
# A deleted endpoint may send no event (rules §5), so AwaitDeletion observes it every 15 s. On average
# the deletion is noticed after half of that time.
NOTICE_SECONDS = 8


class PhaseName(StrEnum):
    """SageMaker's work in a phase."""

    LAUNCHING = "launching"
    ACTIVATING = "activating"
    BAKING = "baking"
    TERMINATING = "terminating"


class Phase(BaseModel):
    """One stretch of an update in which nothing changes.

    The instances are those that exist during the whole phase: an instance that is launching or
    terminating counts until the phase ends. `new_share` (0–1) of the traffic reaches the new fleet.
    For a canary it is the lowest possible share, and in a redeploy 0, because nothing serves.
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
    """The total duration of the phases."""
    return sum(phase.seconds for phase in phases)


def peak_instances(phases: Iterable[Phase]) -> int:
    """The most instances that exist at once."""
    return max(phase.old_instances + phase.new_instances for phase in phases)


def rollback_peak_instances(pace: Pace, phases: Iterable[Phase]) -> int:
    """The most instances that exist at once if SageMaker rolls back at the worst moment.

    A rolling rollback launches old instances again while the new ones still exist (rules §8.19).
    """
    back = pace.rollback_batch_instances if pace.strategy is Strategy.ROLLING else 0
    return max(
        phase.old_instances
        + phase.new_instances
        + min(back, pace.old_instances - phase.old_instances)
        for phase in phases
    )


def extra_instance_seconds(phases: Iterable[Phase], usual_instances: int) -> int:
    """Instance-seconds in addition to the usual fleet, counted from the beginning of each launch."""
    return sum(
        phase.seconds * max(0, phase.old_instances + phase.new_instances - usual_instances)
        for phase in phases
    )


def _turn_green(pace: Pace, ready_seconds: int) -> list[Phase]:
    """Blue/green: the whole new fleet is launched, then traffic shifts, then the old fleet terminates."""
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
    """Rolling: a batch is launched, gets traffic and bakes; only then an old batch terminates."""
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


# MaximumExecutionTimeoutInSeconds: 600–28800 (rules §1.2); the guide asks for 3600.
SHORTEST_DEADLINE_SECONDS = 3600
LONGEST_DEADLINE_SECONDS = 28800
# An accepted UpdateEndpoint shows as Updating within seconds; after this time it never started.
START_GRACE_SECONDS = 600
_MARGIN = 1.5


def estimate_ready_seconds(model_bytes: int) -> int:
    """Estimate the time from an instance's launch until it serves, if there is no measurement.

    Provisioning and container start count 240 s, download and load 200 MB/s together: an assumption,
    until an update of the endpoint is measured or the policy sets `ready_seconds`.
    """
    return 240 + ceil(model_bytes / 200e6)


def longest_seconds(pace: Pace, ready_seconds: int) -> int:
    """The duration of the update with every possible wait.

    Whether the last linear step waits before the final bake is undocumented (rules §2.6).
    """
    doubtful = pace.bake_seconds if pace.strategy is Strategy.LINEAR else 0
    return duration_seconds(phases_of(pace, ready_seconds)) + doubtful


def least_deadline_seconds(pace: Pace, ready_seconds: int) -> int:
    """The deadline for an update with a known duration: half as long again, at least the guide's hour.

    May exceed `LONGEST_DEADLINE_SECONDS`; the caller refuses that.
    """
    return max(SHORTEST_DEADLINE_SECONDS, ceil(longest_seconds(pace, ready_seconds) * _MARGIN))


def way_back_seconds(pace: Pace, ready_seconds: int) -> int:
    """The longest duration of SageMaker's own rollback.

    While the old fleet exists, blue/green only shifts the traffic back. Rolling launches the
    terminated instances again, in rollback batches (rules §2.6). A redeploy creates the endpoint
    again on the previous config.
    """
    replaced_seconds = ready_seconds + ACTIVATE_SECONDS + TERMINATE_SECONDS
    match pace.strategy:
        case Strategy.CANARY | Strategy.LINEAR | Strategy.ALL_AT_ONCE:
            return ACTIVATE_SECONDS + TERMINATE_SECONDS
        case Strategy.ROLLING:
            return ceil(pace.old_instances / pace.rollback_batch_instances) * replaced_seconds
        case Strategy.REDEPLOY:
            return duration_seconds(phases_of(pace, ready_seconds))
        case _:
            assert_never(pace.strategy)


def worst_seconds(pace: Pace, ready_seconds: int, deadline: int, watch_seconds: int) -> int:
    """The longest time until the outcome, if SageMaker keeps its deadline.

    Either SageMaker rolls back at the last moment. Or the update succeeds at the last moment, and the
    watch finds a fault at its end; then the previous config returns all at once.
    """
    returned_seconds = ready_seconds + ACTIVATE_SECONDS + TERMINATE_SECONDS
    return deadline + max(way_back_seconds(pace, ready_seconds), watch_seconds + returned_seconds)
