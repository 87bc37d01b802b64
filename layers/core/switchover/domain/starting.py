"""Decides which call to SageMaker starts the update. Safe to repeat after a lost answer."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.policies.choices import Strategy

if TYPE_CHECKING:
    from switchover.domain.plans.plan import Plan
    from switchover.domain.verdict import Course


class Start(StrEnum):
    """One act of starting an update."""

    UPDATE = "update"
    DELETE = "delete"
    CREATE = "create"
    ALREADY = "already"
    REFUSE = "refuse"


def choose_start(endpoint: EndpointReading | Absent, plan: Plan, course: Course | None) -> Start:
    """Choose the call to make. `course` is set if an earlier try may have made it already.

    UpdateEndpoint must never be repeated blindly (rules §6): a target that is pending or serving, or an
    endpoint that was modified since, means that the earlier request arrived.
    """
    recreates = plan.deployment.pace.strategy is Strategy.REDEPLOY
    if isinstance(endpoint, Absent):
        return Start.CREATE if recreates and course is not None else Start.REFUSE
    asked_before = course is not None and course.target_config == plan.target.config
    if plan.target.config in {endpoint.pending_config_name, endpoint.config_name}:
        return Start.ALREADY
    if asked_before and course is not None and endpoint.last_modified > course.modified_before:
        return Start.ALREADY
    if endpoint.status is EndpointStatus.DELETING and recreates and asked_before:
        return Start.ALREADY
    if (
        endpoint.status is EndpointStatus.IN_SERVICE
        and endpoint.pending_config_name is None
        and endpoint.config_name == plan.previous.config
    ):
        return Start.DELETE if recreates else Start.UPDATE
    return Start.REFUSE


def has_arrived(start: Start, endpoint: EndpointReading | Absent, plan: Plan) -> bool:
    """Whether the endpoint is busy because an earlier copy of the refused request arrived.

    If an answer is lost, the SDK repeats the request, and then gets the answer "in progress".
    """
    if isinstance(endpoint, Absent):
        return start is Start.DELETE
    if start is Start.DELETE:
        return endpoint.status is EndpointStatus.DELETING
    return plan.target.config in {endpoint.pending_config_name, endpoint.config_name}
