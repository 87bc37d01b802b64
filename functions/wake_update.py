"""WakeUpdate: an event about an endpoint or an alarm, or a person's wish, wakes the update that waits."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.aws import gateways
from switchover.domain.naming import endpoint_of_alarm
from switchover.steps import wiring
from switchover.steps.adopting import adopt_wished
from switchover.steps.sweep import visit_each
from switchover.steps.waking import wake_holder
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
    observer = wiring.observer()
    seen = visit_each(_endpoints_of(payload.detail), lambda name: wake_holder(name, observer))
    if payload.detail.endpoint_name is not None:
        adopt_wished(
            payload.detail.endpoint_name,
            gateways.sagemaker(),
            gateways.ledger(),
            gateways.wishes(),
        )
    return {"verdict": ", ".join(seen.values()) or "nobody_waits", "found": seen}


def _endpoints_of(about: Detail) -> list[str]:
    """Whom an event concerns: an alarm of people's own may be watched by several endpoints."""
    named = [about.endpoint_name]
    if about.alarm_name is not None:
        named.append(endpoint_of_alarm(about.alarm_name))
        named += gateways.watched_alarms().endpoints(about.alarm_name)
    return list(dict.fromkeys(name for name in named if name is not None))
