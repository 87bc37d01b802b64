"""WakeUpdate: observe the waiting update after an event of an endpoint or alarm, or a person's wish."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.steps.wake_update import wake_update
from switchover.telemetry import handler as lambda_handler


class Detail(BaseModel):
    """The name of the endpoint or of the alarm that the event is about (rules §5)."""

    model_config = ConfigDict(extra="ignore")

    endpoint_name: str | None = Field(default=None, alias="EndpointName")
    alarm_name: str | None = Field(default=None, alias="alarmName")


class Payload(BaseModel):
    """An EventBridge event from SageMaker or CloudWatch, or one that a person sends with a wish."""

    model_config = ConfigDict(extra="ignore")

    detail: Detail


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Observe the update. The event may be late, doubled or out of order, so its content isn't used."""
    return wake_update(payload.detail.endpoint_name, payload.detail.alarm_name)
