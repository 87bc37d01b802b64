"""AnswerApproval: the page behind a link. A GET shows what is asked, a POST answers."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field

from switchover.aws import gateways
from switchover.domain.approvals.approval import (
    LONGEST_WORDS,
    Answer,
    Channel,
    LinkState,
    Reply,
    check_link,
)
from switchover.domain.approvals.page import (
    ask_page,
    done_page,
    not_allowed_page,
    refusal_page,
)
from switchover.telemetry import handler as lambda_handler
from switchover.telemetry import logger

if TYPE_CHECKING:
    from switchover.domain.approvals.frame import Page


# A name and a reason of 500 characters each, percent-encoded as UTF-8 and then base64, take 16 KB.
_LONGEST_FORM = 32 * 1024
_MOST_FIELDS = 20


class Http(BaseModel):
    """The part of the request that says what is asked for."""

    model_config = ConfigDict(extra="ignore")

    method: str


class Context(BaseModel):
    """`timeEpoch` is when Lambda took the request, in milliseconds."""

    model_config = ConfigDict(extra="ignore")

    http: Http
    time_epoch: int = Field(alias="timeEpoch")


class Payload(BaseModel):
    """A function URL's request, payload format 2.0; whoever sent it is not to be trusted."""

    model_config = ConfigDict(extra="ignore")

    context: Context = Field(alias="requestContext")
    query: dict[str, str] = Field(default_factory=dict, alias="queryStringParameters")
    body: str = ""
    is_base64: bool = Field(default=False, alias="isBase64Encoded")

    @property
    def form(self) -> dict[str, str]:
        """What was typed into the page."""
        body = self.body[:_LONGEST_FORM]
        try:
            raw = base64.b64decode(body) if self.is_base64 else body.encode()
            typed = parse_qs(raw.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
        except ValueError:  # no base64, half of a surrogate pair, or too many fields
            return {}
        return {key: values[0].strip()[:LONGEST_WORDS] for key, values in typed.items()}


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """The secret authorises; whoever hasn't got it learns nothing of any update."""
    page = _page(payload)
    logger().info("answered", extra={"method": payload.context.http.method, "page": page.verdict})
    return page.response


def _page(payload: Payload) -> Page:
    approvals = gateways.approvals()
    secret, verdict = payload.query.get("secret", ""), payload.query.get("verdict", "")
    update = approvals.find(payload.query.get("update", "")[:LONGEST_WORDS])
    now = datetime.fromtimestamp(payload.context.time_epoch / 1000, UTC)
    state = check_link(update, secret, now)
    if update is None or state is not LinkState.OPEN:
        return refusal_page(state, update)
    if verdict not in {Reply.APPROVED, Reply.DECLINED}:
        return refusal_page(LinkState.WRONG, None)
    match payload.context.http.method:
        case "GET" | "HEAD":
            return ask_page(update, Reply(verdict), secret, now)
        case "POST":
            typed = payload.form
            given = Answer(
                verdict=Reply(verdict),
                by=typed.get("by", ""),
                reason=typed.get("reason", ""),
                channel=Channel.LINK,
            )
            is_taken = approvals.answer(update, given)
            return (
                done_page(update, given) if is_taken else refusal_page(LinkState.ANSWERED, update)
            )
        case _:
            return not_allowed_page()
