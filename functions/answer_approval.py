"""AnswerApproval: the page behind a link. A GET shows the question, a POST answers it."""

from __future__ import annotations

from typing import Any

from switchover.log import logger
from switchover.steps.answer_approval import answer_approval
from switchover.telemetry import handler as lambda_handler
from switchover.web.url_request import UrlRequest


@lambda_handler(UrlRequest)
def handler(request: UrlRequest) -> dict[str, Any]:
    """The secret in the link authorises. Without the secret, a caller learns nothing about any update."""
    page = answer_approval(request)
    logger().info("answered", extra={"method": request.method, "page": page.verdict})
    return page.response
