"""Reads the request of an execution, however faulty its input is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.domain.places import endpoint_of_key, find_place, parse_placed
from switchover.domain.plans.plan import Kind
from switchover.domain.queueing import Decision, Turn
from switchover.domain.reasons import Reason
from switchover.domain.refusals import check_endpoint
from switchover.domain.update.update import Update

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.release import Release
    from switchover.domain.update.request import Request


# Outcomes of requests without an endpoint are recorded under this name.
UNKNOWN_ENDPOINT = "unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, read as far as possible; `reasons` are its faults."""

    kind: Kind
    endpoint: str
    version: str
    bucket: str
    request: Request | None
    release: Release | None
    reasons: tuple[Reason, ...]
    release_sha256: str = ""

    def open(
        self, update_id: str, execution_arn: str, at: datetime, asked_at: datetime | None = None
    ) -> Update:
        """The update that begins with this request, made at `asked_at` or an earlier time that it names.

        A later time isn't used: such a request would replace everything offered until then, also
        rollbacks.
        """
        asked_at = asked_at or at
        offered_at = (self.request.offered_at if self.request else None) or asked_at
        return Update(
            update_id=update_id,
            execution_arn=execution_arn,
            endpoint=self.endpoint,
            version=self.version,
            kind=self.kind,
            request=self.request,
            bucket=self.bucket,
            release=self.release,
            release_sha256=self.release_sha256,
            started_at=at,
            offered_at=min(offered_at, asked_at),
        )

    def refuse(self, endpoint: EndpointReading | Absent) -> Decision | None:
        """Refuse a faulty request, together with the faults of its endpoint; None if it has no fault."""
        if not self.reasons:
            return None
        of_endpoint = check_endpoint(endpoint) if self.request else ()
        return Decision(Turn.REJECTED, (*self.reasons, *of_endpoint))


def understand(
    request: Request | tuple[Reason, ...],
    raw_release: bytes | tuple[Reason, ...],
    model_bucket: str,
) -> Asked:
    """Read the request: endpoint, version, direction, and every fault in it.

    A release belongs to the endpoint of its key, which IAM protects, and not to one that its content
    names.
    """
    if isinstance(request, tuple):
        return Asked(Kind.RELEASE, UNKNOWN_ENDPOINT, "", model_bucket, None, None, request)
    if request.rollback is not None:
        version = request.to or ""
        return Asked(Kind.ROLLBACK, request.rollback, version, model_bucket, request, None, ())
    bucket, key = request.bucket_and_key
    place = find_place(bucket, key, model_bucket)
    if isinstance(place, Reason):
        endpoint = endpoint_of_key(key) or UNKNOWN_ENDPOINT
        return Asked(Kind.RELEASE, endpoint, "", model_bucket, request, None, (place,))
    found = (
        raw_release if isinstance(raw_release, tuple) else parse_placed(raw_release, place, bucket)
    )
    release, reasons = (None, found) if isinstance(found, tuple) else (found, ())
    sha256 = hashlib.sha256(raw_release).hexdigest() if isinstance(raw_release, bytes) else ""
    return Asked(
        Kind.RELEASE, place.endpoint, place.version, bucket, request, release, reasons, sha256
    )
