"""WakeUpdate: an event about an endpoint or its alarms wakes whoever waits for it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.aws import gateways
from switchover.aws.waking import wake
from switchover.domain.naming import endpoint_of_alarm
from switchover.telemetry import handler as lambda_handler


class Detail(BaseModel):
    """The two names by which events tell what they are about (rules §5)."""

    model_config = ConfigDict(extra="ignore")

    endpoint_name: str | None = Field(default=None, alias="EndpointName")
    alarm_name: str | None = Field(default=None, alias="alarmName")


class Payload(BaseModel):
    """An EventBridge event of SageMaker or CloudWatch."""

    model_config = ConfigDict(extra="ignore")

    detail: Detail


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Look for oneself: the event may be late, doubled or out of order, so it only says «look»."""
    endpoint = payload.detail.endpoint_name or endpoint_of_alarm(payload.detail.alarm_name or "")
    observer = gateways.observer()
    update = observer.ledger.claiming_update(endpoint) if endpoint else None
    if update is None:
        return {"verdict": "nobody_waits"}
    return {"update_id": update.update_id, **wake(update, observer)}
