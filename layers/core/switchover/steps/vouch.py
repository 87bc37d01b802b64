"""Vouch: records the person who offers a release or starts an update, before it begins."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.aws import gateways
from switchover.web.url_request import UrlRequest, read_signed, respond


class Offered(BaseModel):
    """The body. `subject` is the SHA-256 of a release.json, or the id of an update started by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Annotated[str, Field(pattern=r"^[a-zA-Z0-9-]{1,80}$")]


def vouch(request: UrlRequest) -> dict[str, Any]:
    """Record the caller.

    Only the identity that AWS authenticated is recorded, so callers add themselves.
    """
    offered = read_signed(request, Offered)
    if not isinstance(offered, Offered):
        return offered
    is_kept = gateways.witness().vouch(offered.subject, request.caller)
    return respond(200 if is_kept else 409, "kept" if is_kept else "full", by=request.caller)
