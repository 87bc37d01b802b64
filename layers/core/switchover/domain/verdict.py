"""The meaning of an observation. This module has the product's most important rule (rules §2.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.plans.timeline import START_GRACE_SECONDS

# DeleteEndpoint takes about a minute. After this time, only events and the poll observe it.
_DELETION_SECONDS = 600


class Verdict(StrEnum):
    """The meaning of an observation for the running change."""

    MOVING = "moving"
    ARRIVED = "updated"  # running executions compare this word
    ROLLED_BACK = "rolled_back"
    MIXED = "mixed"
    FAILED = "failed"
    OVERDUE = "overdue"
    DELETING = "deleting"
    GONE = "gone"
    UNHEEDED = "unheeded"


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Course:
    """One requested change of a live endpoint: its origin, target and deadline.

    `modified_before` is the endpoint's LastModifiedTime just before the request: until it advances,
    or a moving status is observed, InService proves nothing.
    """

    target_config: str
    started_at: datetime
    overdue_at: datetime
    modified_before: datetime
    was_seen_moving: bool = False
    recreates: bool = False

    def seen_moving(self, *, is_moving: bool) -> Course:
        """The course, marked if the change was observed to begin."""
        return replace(self, was_seen_moving=is_moving)


def course_of(
    target_config: str,
    endpoint: EndpointReading | Absent,
    overdue_seconds: int,
    *,
    recreates: bool = False,
    was_seen_moving: bool = False,
) -> Course:
    """The course of a change that is about to be requested, from the reading just before it."""
    return Course(
        target_config=target_config,
        started_at=endpoint.read_at,
        overdue_at=endpoint.read_at + timedelta(seconds=overdue_seconds),
        modified_before=(
            endpoint.read_at if isinstance(endpoint, Absent) else endpoint.last_modified
        ),
        was_seen_moving=was_seen_moving,
        recreates=recreates,
    )


def judge(endpoint: EndpointReading | Absent, course: Course) -> Verdict:
    """Give the verdict of a reading: the serving config decides, never the status alone.

    After a failed or rolled-back update SageMaker returns to InService with the previous config, and
    FailureReason may be empty (rules §2.2), so neither is the test.
    """
    if isinstance(endpoint, Absent):
        return Verdict.GONE if course.recreates else Verdict.FAILED
    match endpoint.status:
        case EndpointStatus.IN_SERVICE:
            return _judge_in_service(endpoint, course)
        case EndpointStatus.UPDATE_ROLLBACK_FAILED:
            return (
                Verdict.MIXED if has_moved(endpoint, course) else _unless_overdue(endpoint, course)
            )
        case EndpointStatus.FAILED | EndpointStatus.OUT_OF_SERVICE:
            return Verdict.FAILED
        case EndpointStatus.DELETING:
            return _judge_deletion(endpoint, course)
        case (
            EndpointStatus.CREATING
            | EndpointStatus.UPDATING
            | EndpointStatus.SYSTEM_UPDATING
            | EndpointStatus.ROLLING_BACK
        ):
            return _unless_overdue(endpoint, course)
        case _:
            assert_never(endpoint.status)


def judge_resize(endpoint: EndpointReading | Absent, course: Course) -> Verdict:
    """Give the verdict of a reading while a fleet changes its size and the config stays.

    The config serves all the time, so InService counts only after the resize was observed to begin.
    """
    verdict = judge(endpoint, course)
    grace_ends = course.started_at + timedelta(seconds=START_GRACE_SECONDS)
    is_too_early = (
        isinstance(endpoint, EndpointReading)
        and not has_moved(endpoint, course)
        and endpoint.read_at < grace_ends
    )
    return Verdict.MOVING if verdict is Verdict.ARRIVED and is_too_early else verdict


def has_moved(endpoint: EndpointReading, course: Course) -> bool:
    """Whether the endpoint has visibly begun the change."""
    return (
        course.was_seen_moving
        or endpoint.pending_config_name is not None
        or endpoint.status
        in {EndpointStatus.UPDATING, EndpointStatus.CREATING, EndpointStatus.DELETING}
        or endpoint.last_modified > course.modified_before
    )


def _judge_in_service(endpoint: EndpointReading, course: Course) -> Verdict:
    if endpoint.pending_config_name is not None:
        return _unless_overdue(endpoint, course)
    if endpoint.config_name == course.target_config:
        return Verdict.ARRIVED
    grace_ends = course.started_at + timedelta(seconds=START_GRACE_SECONDS)
    if has_moved(endpoint, course) or endpoint.read_at >= grace_ends:
        return Verdict.ROLLED_BACK
    return Verdict.MOVING


def _judge_deletion(endpoint: EndpointReading, course: Course) -> Verdict:
    """A deletion without a redeploy comes from outside, and can't be undone.

    It is unknown whether its end sends an event (rules §5), and nothing serves meanwhile, so it is
    observed often.
    """
    if not course.recreates:
        return Verdict.FAILED
    looks_often_until = course.started_at + timedelta(seconds=_DELETION_SECONDS)
    if endpoint.read_at < looks_often_until:
        return Verdict.DELETING
    return _unless_overdue(endpoint, course)


def _unless_overdue(endpoint: EndpointReading, course: Course) -> Verdict:
    return Verdict.OVERDUE if endpoint.read_at >= course.overdue_at else Verdict.MOVING
