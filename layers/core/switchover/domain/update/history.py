"""What a finished update teaches the plans that come after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.outcome import Outcome
from switchover.domain.plans.experience import PastUpdate
from switchover.domain.plans.timeline import PhaseName

if TYPE_CHECKING:
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update


def past_of(update: Update) -> PastUpdate | None:
    """The measurement that an update is; None unless it brought a release and was seen to succeed."""
    plan, release, seconds = update.plan, update.release, update.progress.moving_seconds
    if update.outcome is not Outcome.UPDATED or plan is None or release is None or seconds is None:
        return None
    return measure(plan, release.total_bytes, seconds)


def measure(plan: Plan, model_bytes: int, measured_seconds: int) -> PastUpdate:
    """What a plan teaches that took so long in truth."""
    launching = [phase for phase in plan.times.phases if phase.name is PhaseName.LAUNCHING]
    return PastUpdate(
        instance_type=plan.target.instance_type,
        model_bytes=model_bytes,
        launches=len(launching),
        other_seconds=plan.times.expected_seconds - sum(phase.seconds for phase in launching),
        measured_seconds=measured_seconds,
    )
