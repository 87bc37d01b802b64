"""The use cases of this process. Each is made from its gateways on first use.

The module of a use case is imported where the use case is made, as in `switchover.aws.gateways`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.aws import clients, gateways
from switchover.settings import settings

if TYPE_CHECKING:
    from switchover.steps.admission import Admission
    from switchover.steps.approvals import Approvals
    from switchover.steps.endpoint_changes import EndpointChanges
    from switchover.steps.gathering import Gathering
    from switchover.steps.leftovers import Finder
    from switchover.steps.ownership import Ownership
    from switchover.steps.queue_runner import QueueRunner
    from switchover.steps.reopening import Reopening
    from switchover.steps.start_times import StartTimes


def start_times() -> StartTimes:
    """Reads the times at which updates may run."""
    from switchover.aws.metrics import Traffic
    from switchover.steps.start_times import StartTimes

    return StartTimes(gateways.files(), Traffic(clients.client("cloudwatch")))


def ownership() -> Ownership:
    """The rules by which an execution takes up an update, and keeps or releases the claim."""
    from switchover.steps.ownership import Ownership

    return Ownership(gateways.ledger(), gateways.workflow())


def leftovers() -> Finder:
    """Finds the leftovers of an update whose record is lost."""
    from switchover.steps.leftovers import Finder

    return Finder(
        gateways.ledger(), gateways.sagemaker(), gateways.cloudwatch(), gateways.scaling()
    )


def reopening() -> Reopening:
    """Writes a new record of an update from its execution."""
    from switchover.steps.reopening import Reopening

    return Reopening(gateways.ledger(), gateways.workflow(), settings().bucket)


def queue_runner() -> QueueRunner:
    """Starts the next waiting update."""
    from switchover.steps.queue_runner import QueueRunner

    return QueueRunner(
        gateways.ledger(),
        gateways.queue(),
        gateways.workflow(),
        gateways.schedules(),
        reopening(),
        settings().machine_arn,
    )


def admission() -> Admission:
    """Decides whether an update may claim its endpoint now, waits, or is refused."""
    from switchover.steps.admission import Admission

    return Admission(
        gateways.ledger(),
        gateways.queue(),
        gateways.workflow(),
        gateways.files(),
        start_times(),
        gateways.wishes(),
    )


def approvals() -> Approvals:
    """Takes the answers of people to the updates that wait for them."""
    from switchover.steps.approvals import Approvals

    return Approvals(gateways.ledger(), gateways.workflow(), gateways.witness())


def endpoint_changes() -> EndpointChanges:
    """The calls that change an endpoint."""
    from switchover.steps.endpoint_changes import EndpointChanges

    return EndpointChanges(gateways.sagemaker(), gateways.cloudwatch(), gateways.ledger())


def gathering() -> Gathering:
    """Reads what a report is made of."""
    from switchover.steps.gathering import Gathering

    return Gathering(
        gateways.ledger(),
        gateways.fleet_series(),
        gateways.files(),
        gateways.manifests(),
        gateways.sagemaker(),
    )
