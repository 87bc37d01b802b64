"""ReceiveRelease: starts the update of a newly uploaded release.json, once."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.domain.answers import StateAnswer
from switchover.domain.approvals.four_eyes import event_name
from switchover.domain.intake import understand
from switchover.domain.naming import execution_arn
from switchover.domain.places import endpoint_of_key
from switchover.domain.update.request import Request
from switchover.settings import settings
from switchover.steps.reopening import read_request

if TYPE_CHECKING:
    from datetime import datetime


class ReceiveReleaseAnswer(StrEnum):
    """The result for an object that looked like a release."""

    NOT_A_RELEASE = "not_a_release"
    STARTED = "started"
    ALREADY_STARTED = "already_started"


def receive_release(
    *, bucket: str, key: str, version_id: str | None, etag: str, offered_at: datetime
) -> StateAnswer[ReceiveReleaseAnswer]:
    """Start an execution named after the content: the same event or the same bytes start only one.

    An object outside of the endpoints' release folders starts nothing. A release that can't be read is
    started too, so that the outcome Rejected is recorded for the endpoint of its folder. The time of the
    upload, not of the event, decides which of two releases is newer.
    """
    if bucket != settings().bucket or endpoint_of_key(key) is None:
        return StateAnswer(ReceiveReleaseAnswer.NOT_A_RELEASE, carried={"update_id": ""})
    request = Request(
        release=f"s3://{bucket}/{key}",
        object_version=version_id,
        offered_at=offered_at,
    )
    raw = gateways.release_files().read_release(bucket, key, version_id)
    asked = understand(request, raw, bucket)
    # The ETag isn't used, because it depends on the way of uploading: whole, in parts or as a copy.
    content = hashlib.sha256(raw).hexdigest() if isinstance(raw, bytes) else etag
    naming = partial(event_name, asked.endpoint, asked.version, f"{bucket}/{key}", content)
    name = naming()
    if _was_stopped_unjudged(name, request):
        name = naming(version_id or "")
    # Step Functions forgets a name after 90 days; the ledger doesn't.
    is_new = gateways.ledger().find(name) is None and gateways.workflow().start(
        settings().machine_arn, name, request.model_dump(mode="json", exclude_defaults=True)
    )
    verdict = ReceiveReleaseAnswer.STARTED if is_new else ReceiveReleaseAnswer.ALREADY_STARTED
    return StateAnswer(verdict, carried={"update_id": name})


def _was_stopped_unjudged(name: str, request: Request) -> bool:
    """Whether the same content was offered before, but its execution was stopped before any judgement."""
    earlier, workflow = gateways.ledger().find(name), gateways.workflow()
    if earlier is not None:
        first, is_over = earlier.request, earlier.was_stopped_unjudged
    else:
        # The execution was stopped before anything was recorded, or never began.
        arn = execution_arn(settings().machine_arn, name)
        asked = read_request(workflow.find_input(arn))
        first = asked if isinstance(asked, Request) else None
        is_over = first is not None and not workflow.is_running(arn)
    return is_over and first is not None and first.object_version != request.object_version
