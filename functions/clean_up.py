"""CleanUp: start a recovery for an update whose execution ended before announcing the outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.domain.answers import answer
from switchover.steps.clean_up import EndedExecution, clean_up
from switchover.telemetry import handler as lambda_handler


class Detail(BaseModel):
    """The execution that ended; `input` is JSON text, `start_ms` milliseconds since 1970."""

    model_config = ConfigDict(extra="ignore")

    execution_arn: str = Field(alias="executionArn")
    name: str
    status: str
    start_ms: int = Field(default=0, alias="startDate")
    input: str | None = None
    error: str | None = None


class Payload(BaseModel):
    """«Step Functions Execution Status Change»."""

    model_config = ConfigDict(extra="ignore")

    detail: Detail


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Start a recovery if anything is left to do. An execution without a record is recorded first."""
    told = payload.detail
    ended = EndedExecution(
        execution_arn=told.execution_arn,
        name=told.name,
        status=told.status,
        started_at=datetime.fromtimestamp(told.start_ms / 1000, UTC),
        input=told.input,
        error=told.error,
    )
    return answer(clean_up(ended))
