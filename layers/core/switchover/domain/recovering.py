"""Which updates are recovered, and how often: at once, then after growing pauses, with a limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from switchover.domain.fleet import EndpointStatus
from switchover.domain.outcome import LOST, Outcome
from switchover.domain.reasons import Reason
from switchover.domain.rollback import MOST_ATTEMPTS

if TYPE_CHECKING:
    from switchover.domain.queueing import Claim
    from switchover.domain.update.update import Update

# Less than the 15 minutes between two looks at all claims, so that the next look is the next try.
FIRST_PAUSE = timedelta(minutes=10)
# With pauses that double, the last recovery begins three and a half days after the first.
MOST_RECOVERIES = 10
# The states of the way back, as a crash of one is told.
_WAY_BACK = frozenset({"state RollBack", "state AwaitRollback"})
# Nothing serves, and nothing comes up by itself.
_GONE = frozenset({None, EndpointStatus.FAILED, EndpointStatus.DELETING})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recoveries:
    """How many recoveries of an update were begun, and when the last one was.

    `is_told` says that people know that no more will follow.
    """

    count: int = 0
    last: datetime = _LONG_AGO
    is_told: bool = False

    def is_given_up(self, now: datetime) -> bool:
        """Whether no recovery will follow, though the last one has had its time."""
        return self.count >= MOST_RECOVERIES and now >= self.last + FIRST_PAUSE


def next_recovery(past: Recoveries) -> datetime:
    """From when on another recovery may begin.

    A recovery that changed nothing for the better changes nothing when it is repeated at once, and each
    of them costs calls of AWS.
    """
    if past.count == 0:
        return past.last
    if past.count >= MOST_RECOVERIES:
        return _NEVER
    return past.last + FIRST_PAUSE * (1 << (past.count - 1))


def is_way_back_cut_off(update: Update) -> bool:
    """Whether a crash ended the way back of a redeploy while nothing served, with attempts left."""
    plan, serving = update.plan, update.serving
    return (
        update.outcome is Outcome.NEEDS_OPERATOR
        and update.progress.is_started
        and not update.progress.is_confirmed
        and plan is not None
        and plan.deployment.allows_downtime
        and serving is not None
        and serving.status in _GONE
        and update.way_back.attempts <= MOST_ATTEMPTS
        and any(map(_is_crash_of_way_back, update.reasons))
    )


def cause_before_crash(update: Update) -> tuple[Reason, ...]:
    """Why an update went back whose way back crashed."""
    return update.way_back.cause or tuple(
        reason
        for reason in update.reasons
        if reason.code not in LOST and not _is_crash_of_way_back(reason)
    )


def _is_crash_of_way_back(reason: Reason) -> bool:
    return reason.code == "switchover.crashed" and reason.subject in _WAY_BACK


def given_up(claim: Claim) -> Reason:
    """Nothing looks after a claim any more."""
    return Reason(
        code="claim.given-up",
        subject=f"endpoint {claim.endpoint}",
        message=(
            f"{MOST_RECOVERIES} recoveries of {claim.update_id}, whose execution has ended, failed to end"
            " it; no more are tried, and the update still holds the endpoint."
        ),
        remedy=f"Free it: switchover unclaim {claim.endpoint} --reason '…'",
    )
