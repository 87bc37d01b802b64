"""The reasons why an update may not begin or continue, for handlers and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.fleet import Absent, EndpointStatus
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.fleet import EndpointReading
    from switchover.domain.plans.plan import Plan


def check_endpoint(endpoint: EndpointReading | Absent) -> Iterator[Reason]:
    """The reasons why an endpoint takes no update now: it is absent, busy, broken or in maintenance."""
    subject = f"endpoint {endpoint.name}"
    if isinstance(endpoint, Absent):
        yield Reason(
            code="endpoint.unknown",
            subject=subject,
            message="no endpoint of that name exists in this account and region.",
            remedy="Correct `endpoint` in the release, or create the endpoint first.",
        )
    elif endpoint.status is EndpointStatus.SYSTEM_UPDATING:
        yield Reason(
            code="endpoint.under-maintenance",
            subject=subject,
            message="is SystemUpdating: AWS is maintaining it, and accepts no update during this time.",
            remedy="Wait until it is InService, then start the release again.",
        )
    elif endpoint.status is not EndpointStatus.IN_SERVICE or not endpoint.variants:
        failed = f" SageMaker says: {endpoint.failure_reason}" if endpoint.failure_reason else ""
        yield Reason(
            code="endpoint.not-in-service",
            subject=subject,
            message=f"is {endpoint.status.value}, not InService with a fleet.{failed}",
            remedy="Wait until it is InService, or repair it, then start the release again.",
        )
    elif endpoint.pending_config_name is not None:
        yield Reason(
            code="endpoint.not-in-service",
            subject=subject,
            message=f"is still being moved to {endpoint.pending_config_name}.",
            remedy="Wait until the move has ended, then start the release again.",
        )


def claim_held(endpoint: str, holder: str, remedy: str) -> Reason:
    """Another update runs on the endpoint."""
    return Reason(
        code="claim.held",
        subject=f"endpoint {endpoint}",
        message=f"is being updated by {holder}.",
        remedy=remedy,
    )


def execution_stopped(execution_arn: str) -> Reason:
    """The execution was stopped from outside, or could not continue."""
    return Reason(
        code="execution.stopped",
        subject=f"execution {execution_arn}",
        message="ended before the update had an outcome.",
        remedy="Start the release again if it is still wanted.",
    )


def find_changes_of_endpoint(endpoint: EndpointReading | Absent, plan: Plan) -> Iterator[Reason]:
    """Say how an endpoint differs from its state when the update was planned."""
    yield from check_endpoint(endpoint)
    if isinstance(endpoint, Absent) or endpoint.config_name == plan.previous.config:
        return
    yield Reason(
        code="endpoint.changed",
        subject=f"endpoint {endpoint.name}",
        message=(
            f"serves {endpoint.config_name} now; the update was planned from {plan.previous.config}"
            f" ({plan.previous.version})."
        ),
        remedy=(
            "The endpoint was updated since then. Check that its config is right, then start the"
            " release again to get a new plan."
        ),
    )


def name_taken(subject: str, what_differs: str) -> Reason:
    """Another resource already has the name that the update would give."""
    return Reason(
        code="config.name-taken",
        subject=subject,
        message=f"another resource already has this name: {what_differs} differs.",
        remedy="Delete the model and the config of that name, then start the release again.",
    )


def call_refused(subject: str, words: str) -> Reason:
    """AWS refused a call finally; the message has AWS's own words."""
    return Reason(
        code="aws.refused",
        subject=subject,
        message=f"AWS refused: {words.rstrip('.')}.",
        remedy="Fix the cause that AWS names, then start the release again.",
    )
