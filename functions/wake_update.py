"""WakeUpdate: an event about an endpoint or an alarm, or a person's wish, wakes the update that waits."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.steps.wake_update import wake_update
from switchover.telemetry import handler as lambda_handler


class Detail(BaseModel):
    """The two names by which events tell what they are about (rules §5)."""

    model_config = ConfigDict(extra="ignore")

    endpoint_name: str | None = Field(default=None, alias="EndpointName")
    alarm_name: str | None = Field(default=None, alias="alarmName")


class Payload(BaseModel):
    """An EventBridge event of SageMaker, of CloudWatch, or of a person who wishes something."""

    model_config = ConfigDict(extra="ignore")

    detail: Detail


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Look for oneself: the event may be late, doubled or out of order, so it only says «look»."""
    return wake_update(payload.detail.endpoint_name, payload.detail.alarm_name)
