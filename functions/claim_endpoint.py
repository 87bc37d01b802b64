"""ClaimEndpoint: understand what is asked, and take the right to do it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.aws import gateways
from switchover.aws.ledger import Claim
from switchover.domain.answers import answer
from switchover.domain.intake import understand
from switchover.domain.preflight import check_endpoint, claim_held, execution_stopped
from switchover.domain.update import Request, Update, parse_request
from switchover.settings import settings
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """`request` is the execution's input, as somebody wrote it."""

    execution_name: str
    execution_arn: str
    request: Any = None


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Open the update and take its endpoint's claim, or refuse with every reason."""
    request = parse_request(payload.request)
    if isinstance(request, Request) and request.recover is not None:
        return _recover(request.recover, payload.execution_arn)
    raw_release: bytes | tuple[Any, ...] = b""
    if isinstance(request, Request) and request.release is not None:
        raw_release = gateways.models().read_release(
            *request.bucket_and_key, request.object_version
        )
    asked = understand(request, raw_release, settings().bucket)
    endpoint = gateways.sagemaker().read(asked.endpoint)
    update = gateways.ledger().open_update(
        asked.open(payload.execution_name, payload.execution_arn, endpoint.read_at)
    )
    if asked.reasons:
        reasons = (*asked.reasons, *(check_endpoint(endpoint) if asked.request else ()))
        return _told(update, "rejected", *reasons)
    return _take_claim(update, payload.execution_arn)


def _take_claim(update: Update, execution_arn: str) -> dict[str, Any]:
    ledger, workflow = gateways.ledger(), gateways.workflow()
    claim = Claim(update.endpoint, update.update_id, execution_arn, update.started_at)
    holder = ledger.take_claim(claim)
    if holder.update_id != update.update_id and not workflow.is_running(holder.execution_arn):
        holder = ledger.take_claim(claim, instead_of=holder.update_id)
    if holder.update_id != update.update_id:
        return _told(update, "rejected", claim_held(holder.endpoint, holder.update_id))
    return _told(update, "claimed")


def _recover(update_id: str, execution_arn: str) -> dict[str, Any]:
    update = gateways.ledger().update(update_id)
    taken = _take_claim(update, execution_arn)
    if taken["verdict"] == "rejected":
        return taken
    verdict = "recovered" if update.is_started and update.outcome is None else "rejected"
    return _told(update, verdict, execution_stopped(update.execution_arn))


def _told(update: Update, verdict: str, *reasons: Any) -> dict[str, Any]:
    return {"update_id": update.update_id, **answer(verdict, reasons)}
