"""Vouch: keep who offers a release, or starts an update, before it begins."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from switchover.aws import gateways
from switchover.domain.approvals.answering import request_faults
from switchover.telemetry import handler as lambda_handler
from switchover.telemetry import logger
from switchover.url_request import Unfit, UrlRequest, respond


class Offered(BaseModel):
    """The body. `subject` is the SHA-256 of a release.json, or the id of an update started by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Annotated[str, Field(pattern=r"^[a-zA-Z0-9-]{1,80}$")]


@lambda_handler(UrlRequest)
def handler(request: UrlRequest) -> dict[str, Any]:
    """Callers can only ever add themselves: what is kept is whom AWS authenticated."""
    response = _keep(request)
    logger().info("vouched", extra={"status": response["statusCode"], "caller": request.caller})
    return response


def _keep(request: UrlRequest) -> dict[str, Any]:
    if not request.caller:
        return respond(401, "unknown_caller")
    raw = request.read_body("application/json")
    if isinstance(raw, Unfit):
        return respond(raw.status, "unfit", why=raw.why)
    try:
        offered = Offered.model_validate_json(raw)
    except ValidationError as error:
        return respond(400, "unfit", request_faults(error, Offered))
    is_kept = gateways.witness().vouch(offered.subject, request.caller)
    return respond(200 if is_kept else 409, "kept" if is_kept else "full", by=request.caller)
