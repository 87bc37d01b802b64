"""The meaning of one reading during an update, for the state machine and for people."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from pydantic import BaseModel, ConfigDict

from switchover.domain.aborting import is_unheeded
from switchover.domain.evidence import say_trip
from switchover.domain.fleet import (
    Absent,
    AlarmReading,
    AlarmState,
    EndpointReading,
    EndpointStatus,
)
from switchover.domain.outcome import serves
from switchover.domain.plans.alarms import Scope
from switchover.domain.plans.detection import detection_seconds
from switchover.domain.reasons import Reason
from switchover.domain.update.records import Evidence, Moment
from switchover.domain.verdict import Verdict, has_moved, judge, judge_resize

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.records import AbortRequest
    from switchover.domain.update.update import Update
    from switchover.domain.verdict import Course


class Purpose(StrEnum):
    """The purpose of a reading: what a waiting state waits for, or whether a question is still open."""

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


# A wait for people is long. A fleet that is resized during the wait still serves the same config.
_STANDING = frozenset(
    {
        EndpointStatus.IN_SERVICE,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.UPDATING,
        EndpointStatus.ROLLING_BACK,
    }
)


# Verdicts of a change that goes, or went, as requested.
_OPEN = frozenset({Verdict.MOVING, Verdict.ARRIVED, Verdict.DELETING, Verdict.GONE})


class Observation(BaseModel):
    """One reading of the endpoint, its alarms and the clock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: EndpointReading | Absent
    alarms: tuple[AlarmReading, ...] = ()

    @property
    def at(self) -> datetime:
        """The time of the reading, by SageMaker's own clock."""
        return self.endpoint.read_at

    @property
    def red(self) -> tuple[AlarmReading, ...]:
        """The names of the red alarms."""
        return tuple(alarm for alarm in self.alarms if alarm.state is AlarmState.ALARM)


def assess_observation(seen: Observation, purpose: Purpose, update: Update) -> Verdict:
    """Give the verdict of an observation for the waiting state.

    Raises:
        ValueError: the update has no change under way.
    """
    plan, course = update.planned, update.progress.course
    if course is None:
        raise ValueError(f"{update.update_id} has no change under way")
    match purpose:
        case Purpose.RESTORE:
            return judge_resize(seen.endpoint, course)
        case Purpose.CAPACITY:
            return _unless_stopped(
                _judge_raise(seen.endpoint, plan, course), is_stopped=update.abort is not None
            )
        case Purpose.OUTCOME:
            return _judge_outcome(seen, update, plan, course)
        case Purpose.ROLLBACK:
            return _judge_rollback(seen, update, course)
        case Purpose.GATE:
            return _unless_stopped(_judge_gate(seen, update), is_stopped=update.abort is not None)
        case Purpose.WATCH:
            return _unless_stopped(
                _judge_watch(seen, update, course), is_stopped=update.abort is not None
            )
        case _:
            assert_never(purpose)


def _judge_raise(endpoint: EndpointReading | Absent, plan: Plan, course: Course) -> Verdict:
    """Judge the resize before an update. After a failed resize the endpoint is InService too."""
    verdict = judge_resize(endpoint, course)
    is_raised = isinstance(endpoint, EndpointReading) and (
        endpoint.variants[0].desired_instances >= (plan.capacity.during or (0,))[0]
    )
    return Verdict.FAILED if verdict is Verdict.ARRIVED and not is_raised else verdict


def _judge_outcome(seen: Observation, update: Update, plan: Plan, course: Course) -> Verdict:
    verdict = judge(seen.endpoint, course)
    if (
        verdict is Verdict.MOVING
        and isinstance(seen.endpoint, EndpointReading)
        and not has_moved(seen.endpoint, course)
    ):
        # A missing course would look as if there were nothing to roll back.
        return verdict
    unwatched = {alarm.name for alarm in seen.red} & set(plan.alarms.watched)
    return _unless_stopped(verdict, is_stopped=update.abort is not None or bool(unwatched))


def _judge_rollback(seen: Observation, update: Update, course: Course) -> Verdict:
    verdict = judge(seen.endpoint, course)
    is_next_way_due = (
        update.way_back.tripped_at is not None
        and update.way_back.abort_published_at is None
        and is_unheeded(seen.endpoint, update.way_back.tripped_at)
    )
    return Verdict.UNHEEDED if verdict is Verdict.MOVING and is_next_way_due else verdict


def _judge_watch(seen: Observation, update: Update, course: Course) -> Verdict:
    serves_target = (
        isinstance(seen.endpoint, EndpointReading)
        and seen.endpoint.config_name == update.planned.target.config
        and seen.endpoint.pending_config_name is None
        and seen.endpoint.status in _STANDING
    )
    inherited = inherited_red(seen, update)
    if not serves_target or set(seen.red) - inherited:
        return Verdict.FAILED
    return Verdict.ARRIVED if seen.at >= course.overdue_at and not inherited else Verdict.MOVING


def inherited_red(seen: Observation, update: Update) -> frozenset[AlarmReading]:
    """The standing alarms that may be red because of the old fleet: they measure both fleets' past.

    A failing old fleet must not cause a rollback to itself through these alarms.
    """
    if update.progress.settled_at is None:
        return frozenset()
    look_back_seconds = {
        spec.name: detection_seconds(spec.period_seconds, spec.evaluation_periods)
        for spec in update.planned.alarms.specs
        if spec.scope is Scope.STANDING
    }
    since_seconds = (seen.at - update.progress.settled_at).total_seconds()
    return frozenset(
        alarm for alarm in seen.red if since_seconds < look_back_seconds.get(alarm.name, 0)
    )


def _judge_gate(seen: Observation, update: Update) -> Verdict:
    """Judge a reading while people decide. A good reading doesn't decide for the people."""
    serves_target = (
        isinstance(seen.endpoint, EndpointReading)
        and seen.endpoint.config_name == update.planned.target.config
        and seen.endpoint.status in _STANDING
    )
    is_red = bool(set(seen.red) - inherited_red(seen, update))
    return Verdict.MOVING if serves_target and not is_red else Verdict.FAILED


def _unless_stopped(verdict: Verdict, *, is_stopped: bool) -> Verdict:
    """A running or successful change counts as failed if the update has to stop; other verdicts stay."""
    return Verdict.FAILED if is_stopped and verdict in _OPEN else verdict


def moment_of(seen: Observation, purpose: Purpose) -> Moment:
    """The entry for the timeline: SageMaker's message, instances, red alarms."""
    endpoint = seen.endpoint
    if isinstance(endpoint, Absent):
        return Moment(at=seen.at, state=_STATE[purpose], text="The endpoint doesn't exist.")
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


def failure_of(seen: Observation) -> str:
    """SageMaker's own words on a failure. They may be empty, and decide no verdict (rules §2.2)."""
    return seen.endpoint.failure_reason if isinstance(seen.endpoint, EndpointReading) else ""


def find_fault_of_way_back(verdict: Verdict, seen: Observation) -> Reason | None:
    """SageMaker's words on why its rollback failed; None if it didn't fail, or without words."""
    words = failure_of(seen)
    if verdict not in {Verdict.ROLLED_BACK, Verdict.MIXED, Verdict.FAILED} or not words:
        return None
    return _say_failure(seen.endpoint.name, words)


def _say_failure(endpoint: str, words: str) -> Reason:
    return Reason(
        code="sagemaker.failure-reason",
        subject=f"endpoint {endpoint}",
        message=f"SageMaker says: {words}",
        remedy="Fix the cause that SageMaker names, then start the release again.",
    )


def collect_reasons(
    verdict: Verdict,
    purpose: Purpose,
    seen: Observation,
    evidence: Evidence,
    abort: AbortRequest | None = None,
) -> tuple[Reason, ...]:
    """Collect the reasons why a change failed: a request to stop, red alarms, SageMaker's messages."""
    is_asked_back = purpose in {Purpose.ROLLBACK, Purpose.RESTORE}
    if is_asked_back or verdict in _OPEN:
        return ()
    subject = f"endpoint {seen.endpoint.name}"
    reasons = [*abort.reasons] if abort else []
    if purpose is Purpose.CAPACITY and not reasons:
        return (_not_raised(seen.endpoint, subject),)
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
        reasons.append(_say_failure(seen.endpoint.name, evidence.failure_reason))
    return tuple(reasons) or (
        Reason(
            code=f"update.{verdict.value.replace('_', '-')}",
            subject=subject,
            message=f"{serves(seen.endpoint)} SageMaker gave no reason and no alarm went red.",
            remedy="See the endpoint's container log of that time.",
        ),
    )


def _not_raised(endpoint: EndpointReading | Absent, subject: str) -> Reason:
    told = endpoint.failure_reason if isinstance(endpoint, EndpointReading) else ""
    return Reason(
        code="capacity.not-raised",
        subject=subject,
        message=(
            "its fleet could not be enlarged for the update:"
            f" {f'SageMaker says: {told}' if told else serves(endpoint)}"
        ),
        remedy="Start the release again later, or lower `capacity.during.min`.",
    )
