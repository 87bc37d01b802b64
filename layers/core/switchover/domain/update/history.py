"""The measurement that a finished update gives to later plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.outcome import Outcome
from switchover.domain.plans.experience import PastUpdate
from switchover.domain.plans.timeline import PhaseName

if TYPE_CHECKING:
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update


def past_of(update: Update) -> PastUpdate | None:
    """The measurement of an update; None unless it was a release whose success was observed."""
    plan, release, seconds = update.plan, update.release, update.progress.moving_seconds
    if update.outcome is not Outcome.UPDATED or plan is None or release is None or seconds is None:
        return None
    return measure(plan, release.total_bytes, seconds)


def measure(plan: Plan, model_bytes: int, measured_seconds: int) -> PastUpdate:
    """The measurement of a plan, from the time that the update really took."""
    launching = [phase for phase in plan.times.phases if phase.name is PhaseName.LAUNCHING]
    return PastUpdate(
        instance_type=plan.target.instance_type,
        model_bytes=model_bytes,
        launches=len(launching),
        other_seconds=plan.times.expected_seconds - sum(phase.seconds for phase in launching),
        measured_seconds=measured_seconds,
    )
