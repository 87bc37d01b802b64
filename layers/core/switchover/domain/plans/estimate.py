"""Estimates the duration and the instances of a pace on a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.plans.groups import CapacityNeeds, Times
from switchover.domain.plans.timeline import (
    duration_seconds,
    extra_instance_seconds,
    peak_instances,
    phases_of,
    rollback_peak_instances,
    worst_seconds,
)

if TYPE_CHECKING:
    from switchover.domain.plans.experience import Ready
    from switchover.domain.plans.pace import Pace
    from switchover.domain.plans.timeline import Phase


def estimate_times(
    pace: Pace, ready: Ready, deadline_seconds: int, watch_seconds: int = 0
) -> Times:
    """The duration of an update with that pace, if a new instance serves after `ready`."""
    phases = phases_of(pace, ready.seconds)
    return Times(
        phases=phases,
        ready_seconds=ready.seconds,
        ready_source=ready.source,
        expected_seconds=duration_seconds(phases),
        worst_seconds=worst_seconds(pace, ready.seconds, deadline_seconds, watch_seconds),
        deadline_seconds=deadline_seconds,
        watch_seconds=watch_seconds,
    )


def estimate_capacity(
    pace: Pace,
    phases: tuple[Phase, ...],
    usual_instances: int,
    during: tuple[int, int] | None = None,
) -> CapacityNeeds:
    """The instances that these phases need, on a fleet that usually has `usual_instances`."""
    return CapacityNeeds(
        peak_instances=peak_instances(phases),
        rollback_peak_instances=rollback_peak_instances(pace, phases),
        extra_instance_seconds=extra_instance_seconds(phases, usual_instances),
        during=during,
    )
