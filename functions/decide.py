"""Decide: receive a person's answer through IAM, which identifies the person."""

from __future__ import annotations

from typing import Any

from switchover.log import logger
from switchover.steps.decide import decide
from switchover.telemetry import handler as lambda_handler
from switchover.web.url_request import UrlRequest


@lambda_handler(UrlRequest)
def handler(request: UrlRequest) -> dict[str, Any]:
    """The URL accepts only signed requests. IAM decides who may send them."""
    response = decide(request)
    logger().info("answered", extra={"status": response["statusCode"], "caller": request.caller})
    return response
