"""When an update is recovered: at once, then after growing pauses, up to a limit."""

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

# Less than the 15 minutes between two checks of all claims, so that the next check is the next try.
FIRST_PAUSE = timedelta(minutes=10)
# With pauses that double, the last recovery begins three and a half days after the first.
MOST_RECOVERIES = 10
# The rollback's states, in the words of a crash's reason.
_WAY_BACK = frozenset({"state RollBack", "state AwaitRollback"})
# Nothing serves, and no fleet is starting.
_GONE = frozenset({None, EndpointStatus.FAILED, EndpointStatus.DELETING})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recoveries:
    """The number of an update's recoveries, and the time of the last one.

    `is_told`: people were notified that no more will follow.
    """

    count: int = 0
    last: datetime = _LONG_AGO
    is_told: bool = False

    def is_given_up(self, now: datetime) -> bool:
        """Whether no further recovery will follow, and the time of the last one is over."""
        return self.count >= MOST_RECOVERIES and now >= self.last + FIRST_PAUSE


def next_recovery(past: Recoveries) -> datetime:
    """The time from which another recovery may begin.

    If a recovery failed, an immediate repeat would fail too, and every recovery costs calls to AWS.
    """
    if past.count == 0:
        return past.last
    if past.count >= MOST_RECOVERIES:
        return _NEVER
    return past.last + FIRST_PAUSE * (1 << (past.count - 1))


def is_way_back_cut_off(update: Update) -> bool:
    """Whether a crash ended the rollback of a redeploy while nothing served, with attempts left."""
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
    """The reasons for a rollback that crashed."""
    return update.way_back.cause or tuple(
        reason
        for reason in update.reasons
        if reason.code not in LOST and not _is_crash_of_way_back(reason)
    )


def _is_crash_of_way_back(reason: Reason) -> bool:
    return reason.code == "switchover.crashed" and reason.subject in _WAY_BACK


def given_up(claim: Claim) -> Reason:
    """No further recovery of a claim's update will be tried."""
    return Reason(
        code="claim.given-up",
        subject=f"endpoint {claim.endpoint}",
        message=(
            f"{MOST_RECOVERIES} recoveries of {claim.update_id}, whose execution has ended, failed to end"
            " it; no more are tried, and the update still holds the endpoint."
        ),
        remedy=f"Free it: switchover unclaim {claim.endpoint} --reason '…'",
    )
