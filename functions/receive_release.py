"""ReceiveRelease: a release.json arrived; start its update, once."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.aws import gateways
from switchover.domain.intake import understand
from switchover.domain.naming import execution_name
from switchover.domain.update import Request
from switchover.settings import settings
from switchover.telemetry import handler as lambda_handler


class Bucket(BaseModel):
    """The bucket that an object was created in."""

    name: str


class StoredObject(BaseModel):
    """The object that was created; `etag` identifies its content."""

    model_config = ConfigDict(extra="ignore")

    key: str
    etag: str
    version_id: str | None = Field(default=None, alias="version-id")


class Detail(BaseModel):
    """S3's «Object Created» (rules §5)."""

    model_config = ConfigDict(extra="ignore")

    bucket: Bucket
    created: StoredObject = Field(alias="object")


class Payload(BaseModel):
    """An EventBridge event of S3."""

    model_config = ConfigDict(extra="ignore")

    detail: Detail


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Start under a name made of the content: the same event again, or the same bytes, start nothing.

    A release that can't be read is started too, so that it ends as a recorded Rejected.
    """
    bucket, created = payload.detail.bucket.name, payload.detail.created
    request = Request(release=f"s3://{bucket}/{created.key}", object_version=created.version_id)
    raw = gateways.models().read_release(bucket, created.key, created.version_id)
    asked = understand(request, raw, bucket)
    name = execution_name(asked.endpoint, asked.version, f"{bucket}/{created.key}/{created.etag}")
    started = gateways.workflow().start(
        settings().machine_arn, name, request.model_dump(exclude_defaults=True)
    )
    return {"update_id": name, "verdict": "started" if started else "already_started"}
