"""What an execution was asked to do, however badly it was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.domain.checks.preflight import check_endpoint
from switchover.domain.plans.plan import Kind
from switchover.domain.queueing import Decision, Turn
from switchover.domain.release import Release, endpoint_hint, is_endpoint_name, parse_release
from switchover.domain.update import Request, Update

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.reasons import Reason


# Outcomes of requests that name no endpoint are filed here.
UNKNOWN_ENDPOINT = "unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, understood as far as it goes; `reasons` says where it doesn't."""

    kind: Kind
    endpoint: str
    version: str
    bucket: str
    request: Request | None
    release: Release | None
    reasons: tuple[Reason, ...]

    def open(
        self, update_id: str, execution_arn: str, at: datetime, asked_at: datetime | None = None
    ) -> Update:
        """The update that begins with this request, asked for at `asked_at` unless it says when."""
        return Update(
            update_id=update_id,
            execution_arn=execution_arn,
            endpoint=self.endpoint,
            version=self.version,
            kind=self.kind,
            request=self.request,
            bucket=self.bucket,
            release=self.release,
            started_at=at,
            offered_at=(self.request.offered_at if self.request else None) or asked_at or at,
        )

    def refuse(self, endpoint: EndpointReading | Absent) -> Decision | None:
        """Turn down what can't be made out, with what is wrong with its endpoint; None if nothing is."""
        if not self.reasons:
            return None
        of_endpoint = check_endpoint(endpoint) if self.request else ()
        return Decision(Turn.REJECTED, (*self.reasons, *of_endpoint))


def understand(
    request: Request | tuple[Reason, ...],
    raw_release: bytes | tuple[Reason, ...],
    model_bucket: str,
) -> Asked:
    """Make out what is asked: endpoint, version, direction, and every fault of saying so."""
    if isinstance(request, tuple):
        return Asked(Kind.RELEASE, UNKNOWN_ENDPOINT, "", model_bucket, None, None, request)
    if request.rollback is not None:
        version = request.to or ""
        return Asked(Kind.ROLLBACK, request.rollback, version, model_bucket, request, None, ())
    bucket, key = request.bucket_and_key
    endpoint, version = _names_in(key)
    if isinstance(raw_release, tuple):
        return Asked(Kind.RELEASE, endpoint, version, bucket, request, None, raw_release)
    release = parse_release(raw_release, f"s3://{bucket}/{key}")
    if isinstance(release, tuple):
        hint = endpoint_hint(raw_release) or endpoint
        return Asked(Kind.RELEASE, hint, version, bucket, request, None, release)
    return Asked(
        Kind.RELEASE,
        release.endpoint,
        release.model.version,
        bucket,
        request,
        release,
        (),
    )


def _names_in(key: str) -> tuple[str, str]:
    """Endpoint and version in `releases/<endpoint>/<version>/release.json`, if the key is so laid out."""
    parts = key.split("/")
    if len(parts) == 4 and parts[0] == "releases" and is_endpoint_name(parts[1]):
        return parts[1], parts[2]
    return UNKNOWN_ENDPOINT, ""
