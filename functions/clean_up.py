"""CleanUp: an execution ended before its outcome was told; another takes its update there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.aws import gateways
from switchover.domain.bounded import Unreadable, read_json
from switchover.domain.naming import execution_name
from switchover.domain.update import INPUT_LIMITS, Request, Update, parse_request
from switchover.settings import settings
from switchover.telemetry import handler as lambda_handler

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason


class Detail(BaseModel):
    """The execution that ended; `input` is JSON text."""

    model_config = ConfigDict(extra="ignore")

    execution_arn: str = Field(alias="executionArn")
    name: str
    status: str
    input: str | None = None


class Payload(BaseModel):
    """«Step Functions Execution Status Change»."""

    model_config = ConfigDict(extra="ignore")

    detail: Detail


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Waiting for a way back can take an hour, so that it is a machine's work, not a function's."""
    ended = payload.detail
    request = _read_input(ended.input or "null")
    recovered = request.recover if isinstance(request, Request) else None
    taken_up = request.earlier_update if isinstance(request, Request) else None
    update = gateways.ledger().find(taken_up or ended.name)
    if update is None or not _left_something(update, ended.execution_arn):
        return {"update_id": ended.name, "verdict": "nothing_to_do"}
    if recovered is not None and ended.status == "FAILED":
        # It came to its own end and would come to the same again.
        return {"update_id": update.update_id, "verdict": "recovered_as_far_as_possible"}
    name = execution_name(update.endpoint, "recovery", ended.execution_arn)
    gateways.workflow().start(settings().machine_arn, name, {"recover": update.update_id})
    return {"update_id": update.update_id, "verdict": "recovery_started"}


def _read_input(text: str) -> Request | tuple[Reason, ...]:
    """The request of an execution; whoever may start one writes its input as they like."""
    try:
        return parse_request(read_json(text, INPUT_LIMITS))
    except Unreadable:
        return ()


def _left_something(update: Update, execution_arn: str) -> bool:
    """An outcome that nobody was told, or a claim that nobody gave back."""
    if update.outcome is None or update.announced is not update.outcome:
        return True
    if update.serving is not None and update.waits_for(update.serving):
        return False  # a recovery now would find the same
    claim = gateways.ledger().claim(update.endpoint)
    return claim is not None and claim.execution_arn == execution_arn
