"""ReceiveRelease: start the update of a newly uploaded release.json, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.domain.answers import answer
from switchover.steps.receive_release import receive_release
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

    time: datetime
    detail: Detail


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Start an execution named after the content: the same event or the same bytes start only one."""
    created = payload.detail.created
    return answer(
        receive_release(
            bucket=payload.detail.bucket.name,
            key=created.key,
            version_id=created.version_id,
            etag=created.etag,
            offered_at=payload.time,
        )
    )
