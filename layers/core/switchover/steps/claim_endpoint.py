"""ClaimEndpoint: reads the request, and takes the claim of the endpoint or a place in the queue."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.files import policy_key
from switchover.domain.answers import StateAnswer
from switchover.domain.intake import understand
from switchover.domain.queueing import ClaimVerdict, Decision
from switchover.domain.update.request import Request, parse_request
from switchover.settings import settings
from switchover.steps import wiring

if TYPE_CHECKING:
    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.steps.reopening import Execution


class ReleaseSource(StrEnum):
    """Where a release's files are. `in_place` needs no CopyRelease; `unread` if the update ends here."""

    IN_PLACE = "in_place"
    ELSEWHERE = "elsewhere"
    UNREAD = "unread"


def claim_endpoint(execution_name: str, execution: Execution) -> StateAnswer[ClaimVerdict]:
    """Open an update or continue an earlier one, then take the claim or return all reasons against it."""
    request = parse_request(execution.request)
    if isinstance(request, Request) and request.earlier_update is not None:
        update_id, (decision, source) = request.earlier_update, _go_on(request, execution)
    else:
        update_id, (decision, source) = execution_name, _begin(request, execution_name, execution)
    return StateAnswer(
        decision.verdict, decision.reasons, {"update_id": update_id, "source": source}
    )


def _begin(
    request: Request | tuple[Reason, ...], execution_name: str, execution: Execution
) -> tuple[Decision, ReleaseSource]:
    raw_release: bytes | tuple[Reason, ...] = b""
    if isinstance(request, Request) and request.release is not None:
        raw_release = gateways.release_files().read_release(
            *request.bucket_and_key, request.object_version
        )
    asked = understand(request, raw_release, settings().bucket)
    endpoint = gateways.sagemaker().read(asked.endpoint)
    update = gateways.ledger().open_update(
        asked.open(execution_name, execution.arn, endpoint.read_at, execution.started_at)
    )
    refused = asked.refuse(endpoint)
    return (refused, ReleaseSource.UNREAD) if refused else _admit(update, endpoint)


def _go_on(request: Request, execution: Execution) -> tuple[Decision, ReleaseSource]:
    found = wiring.ownership().go_on(request, execution.arn, execution.started_at)
    if isinstance(found, Decision):
        return found, ReleaseSource.UNREAD
    return _admit(found, gateways.sagemaker().read(found.endpoint))


def _admit(update: Update, endpoint: EndpointReading | Absent) -> tuple[Decision, ReleaseSource]:
    decision = wiring.admission().admit(_pin(update), endpoint, wiring.queue_runner())
    has_source = update.release is not None and update.release.source is not None
    return decision, ReleaseSource.ELSEWHERE if has_source else ReleaseSource.IN_PLACE


def _pin(update: Update) -> Update:
    """Pin the version of the policy file for this update: every later state reads that version."""
    newest = gateways.files().find_version(update.bucket, policy_key(update.endpoint))
    return gateways.ledger().save(update.pinned_to(newest))
