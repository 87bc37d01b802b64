"""What one look at a change under way says, for the machine and for people."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from pydantic import BaseModel, ConfigDict

from switchover.domain.aborting import is_unheeded
from switchover.domain.fleet import (
    Absent,
    AlarmReading,
    AlarmState,
    EndpointReading,
    EndpointStatus,
)
from switchover.domain.outcome import serves
from switchover.domain.reasons import Reason
from switchover.domain.telling.evidence import say_trip
from switchover.domain.update import Evidence, Moment
from switchover.domain.verdict import Verdict, has_moved, judge, judge_resize

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.aborting import AbortRequest
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update import Update
    from switchover.domain.verdict import Course


class Purpose(StrEnum):
    """What a look is for: what a waiting state waits for, or whether people need still be asked."""

    CAPACITY = "capacity"
    OUTCOME = "outcome"
    GATE = "gate"
    WATCH = "watch"
    ROLLBACK = "rollback"
    RESTORE = "restore"


_STATE = {
    Purpose.CAPACITY: "AwaitCapacity",
    Purpose.OUTCOME: "AwaitOutcome",
    Purpose.GATE: "RequestPromotion",
    Purpose.WATCH: "WatchUpdated",
    Purpose.ROLLBACK: "AwaitRollback",
    Purpose.RESTORE: "AwaitRestored",
}


# Whoever waits for people waits long: a fleet that is resized meanwhile serves what it served.
_STANDING = frozenset(
    {
        EndpointStatus.IN_SERVICE,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.UPDATING,
        EndpointStatus.ROLLING_BACK,
    }
)


class Observation(BaseModel):
    """One reading of the endpoint, its alarms and the clock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: EndpointReading | Absent
    alarms: tuple[AlarmReading, ...] = ()

    @property
    def at(self) -> datetime:
        """When it was taken, by SageMaker's own clock."""
        return self.endpoint.read_at

    @property
    def red(self) -> tuple[AlarmReading, ...]:
        """The alarms that are red now."""
        return tuple(alarm for alarm in self.alarms if alarm.state is AlarmState.ALARM)


def assess_observation(seen: Observation, purpose: Purpose, update: Update) -> Verdict:
    """Say what an observation means for what is being waited for.

    Raises:
        ValueError: the update has no change under way.
    """
    plan, course = update.planned, update.course
    if course is None:
        raise ValueError(f"{update.update_id} has no change under way")
    match purpose:
        case Purpose.RESTORE:
            return judge_resize(seen.endpoint, course)
        case Purpose.CAPACITY:
            return _unless_stopped(
                judge_resize(seen.endpoint, course), is_stopped=update.abort is not None
            )
        case Purpose.OUTCOME:
            return _judge_outcome(seen, update, plan, course)
        case Purpose.ROLLBACK:
            return _judge_rollback(seen, update, course)
        case Purpose.GATE:
            return _unless_stopped(_judge_gate(seen, plan), is_stopped=update.abort is not None)
        case Purpose.WATCH:
            return _unless_stopped(
                _judge_watch(seen, plan, course), is_stopped=update.abort is not None
            )
        case _:
            assert_never(purpose)


def _judge_outcome(seen: Observation, update: Update, plan: Plan, course: Course) -> Verdict:
    verdict = judge(seen.endpoint, course)
    if (
        verdict is Verdict.MOVING
        and isinstance(seen.endpoint, EndpointReading)
        and not has_moved(seen.endpoint, course)
    ):
        # It would look as if there were nothing to take back.
        return verdict
    unwatched = {alarm.name for alarm in seen.red} & set(plan.watched_alarms)
    return _unless_stopped(verdict, is_stopped=update.abort is not None or bool(unwatched))


def _judge_rollback(seen: Observation, update: Update, course: Course) -> Verdict:
    verdict = judge(seen.endpoint, course)
    is_next_way_due = (
        update.tripped_at is not None
        and not update.has_published_abort
        and is_unheeded(seen.endpoint, update.tripped_at)
    )
    return Verdict.UNHEEDED if verdict is Verdict.MOVING and is_next_way_due else verdict


def _judge_watch(seen: Observation, plan: Plan, course: Course) -> Verdict:
    serves_target = (
        isinstance(seen.endpoint, EndpointReading)
        and seen.endpoint.config_name == plan.target_config
        and seen.endpoint.status in {EndpointStatus.IN_SERVICE, EndpointStatus.SYSTEM_UPDATING}
    )
    if not serves_target or seen.red:
        return Verdict.FAILED
    return Verdict.UPDATED if seen.at >= course.overdue_at else Verdict.MOVING


def _judge_gate(seen: Observation, plan: Plan) -> Verdict:
    """Good news settles nothing here: people say whether it stays, however long they take."""
    serves_target = (
        isinstance(seen.endpoint, EndpointReading)
        and seen.endpoint.config_name == plan.target_config
        and seen.endpoint.status in _STANDING
    )
    return Verdict.MOVING if serves_target and not seen.red else Verdict.FAILED


def _unless_stopped(verdict: Verdict, *, is_stopped: bool) -> Verdict:
    """What goes on, or went well, has failed if it is to stop; what went wrong stays as it is."""
    is_open = verdict in {Verdict.MOVING, Verdict.UPDATED, Verdict.GONE}
    return Verdict.FAILED if is_stopped and is_open else verdict


def moment_of(seen: Observation, purpose: Purpose) -> Moment:
    """What people see in the timeline: SageMaker's own words, instances, red alarms."""
    endpoint = seen.endpoint
    if isinstance(endpoint, Absent):
        return Moment(at=seen.at, state=_STATE[purpose], text="The endpoint is gone.")
    words = [stage.message or stage.status for stage in endpoint.stages]
    text = " ".join(dict.fromkeys(words)) or f"{endpoint.status.value} on {endpoint.config_name}."
    red = ", ".join(alarm.name for alarm in seen.red)
    return Moment(
        at=seen.at,
        state=_STATE[purpose],
        text=f"{text} Red: {red}." if red else text,
        old_instances=endpoint.instances,
        new_instances=endpoint.pending_instances if endpoint.pending_config_name else None,
    )


def collect_reasons(
    verdict: Verdict,
    purpose: Purpose,
    seen: Observation,
    evidence: Evidence,
    abort: AbortRequest | None = None,
) -> tuple[Reason, ...]:
    """Why a change did not come out as asked: who stopped it, red alarms and SageMaker's words."""
    is_asked_back = purpose in {Purpose.ROLLBACK, Purpose.RESTORE}
    if verdict in {Verdict.MOVING, Verdict.UPDATED, Verdict.GONE} or is_asked_back:
        return ()
    subject = f"endpoint {seen.endpoint.name}"
    reasons = [*abort.reasons] if abort else []
    reasons += [
        Reason(
            code="alarm.went-red",
            subject=f"alarm {alarm.name}",
            message=say_trip(alarm),
            remedy="Compare the new version's answers and latency with the old one's.",
        )
        for alarm in evidence.alarms
    ]
    if evidence.failure_reason:
        reasons.append(
            Reason(
                code="sagemaker.failure-reason",
                subject=subject,
                message=f"SageMaker says: {evidence.failure_reason}",
                remedy="Mend what it names, then start the release again.",
            )
        )
    return tuple(reasons) or (
        Reason(
            code=f"update.{verdict.value.replace('_', '-')}",
            subject=subject,
            message=f"{serves(seen.endpoint)} SageMaker gave no reason and no alarm went red.",
            remedy="See the endpoint's container log of that time.",
        ),
    )
