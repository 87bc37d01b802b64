"""What one look at a change under way says, for the machine and for people."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.fleet import (
    Absent,
    AlarmReading,
    AlarmState,
    EndpointReading,
    EndpointStatus,
)
from switchover.domain.outcome import serves
from switchover.domain.reasons import Reason
from switchover.domain.update import Evidence, Moment
from switchover.domain.verdict import Course, Verdict, judge, judge_resize

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.plan import Plan


class Purpose(StrEnum):
    """What a waiting state waits for."""

    CAPACITY = "capacity"
    OUTCOME = "outcome"
    WATCH = "watch"
    ROLLBACK = "rollback"
    RESTORE = "restore"


_STATE = {
    Purpose.CAPACITY: "AwaitCapacity",
    Purpose.OUTCOME: "AwaitOutcome",
    Purpose.WATCH: "WatchUpdated",
    Purpose.ROLLBACK: "AwaitRollback",
    Purpose.RESTORE: "AwaitRestored",
}


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


def assess_observation(seen: Observation, purpose: Purpose, plan: Plan, course: Course) -> Verdict:
    """Say what an observation means for what is being waited for."""
    if purpose in {Purpose.CAPACITY, Purpose.RESTORE}:
        return judge_resize(seen.endpoint, course)
    if purpose is not Purpose.WATCH:
        return judge(seen.endpoint, course)
    serves_target = (
        isinstance(seen.endpoint, EndpointReading)
        and seen.endpoint.config_name == plan.target_config
        and seen.endpoint.status in {EndpointStatus.IN_SERVICE, EndpointStatus.SYSTEM_UPDATING}
    )
    if not serves_target or seen.red:
        return Verdict.FAILED
    return Verdict.UPDATED if seen.at >= course.overdue_at else Verdict.MOVING


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
    verdict: Verdict, purpose: Purpose, seen: Observation, evidence: Evidence
) -> tuple[Reason, ...]:
    """Why a change did not come out as asked: the alarms that went red and SageMaker's words."""
    is_asked_back = purpose in {Purpose.ROLLBACK, Purpose.RESTORE}
    if verdict in {Verdict.MOVING, Verdict.UPDATED, Verdict.GONE} or is_asked_back:
        return ()
    subject = f"endpoint {seen.endpoint.name}"
    reasons = [
        Reason(
            code="alarm.went-red",
            subject=f"alarm {alarm.name}",
            message=f"went red: {alarm.reason}",
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
