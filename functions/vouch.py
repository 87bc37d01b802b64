"""Vouch: record the person who offers a release or starts an update, before it begins."""

from __future__ import annotations

from typing import Any

from switchover.log import logger
from switchover.steps.vouch import vouch
from switchover.telemetry import handler as lambda_handler
from switchover.web.url_request import UrlRequest


@lambda_handler(UrlRequest)
def handler(request: UrlRequest) -> dict[str, Any]:
    """Only the identity that AWS authenticated is recorded, so callers can add only themselves."""
    response = vouch(request)
    logger().info("vouched", extra={"status": response["statusCode"], "caller": request.caller})
    return response
