"""A request to a function URL (Lambda Developer Guide, "Invoking function URLs", payload format 2.0).

Its sender is not to be trusted; what Lambda says of the sender is.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from switchover.domain.approvals.answering import request_faults

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason

MOST_BYTES = 8_192

Body = TypeVar("Body", bound=BaseModel)


class Unfit(NamedTuple):
    """Why a body isn't read: an HTTP status and a sentence."""

    status: int
    why: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Http(_Part):
    """The part of the request that says what is asked for."""

    method: str


class Caller(_Part):
    """Who signed the request, as Lambda found by the signature."""

    arn: str = Field(alias="userArn")


class Authorizer(_Part):
    """How the caller was authenticated; `iam` is there with AuthType AWS_IAM alone."""

    iam: Caller | None = None


class Context(_Part):
    """What Lambda itself says of the request. `timeEpoch` is when it came, in milliseconds."""

    http: Http
    time_epoch: int = Field(alias="timeEpoch")
    authorizer: Authorizer | None = None


class UrlRequest(_Part):
    """One request."""

    context: Context = Field(alias="requestContext")
    query: dict[str, str] = Field(default_factory=dict, alias="queryStringParameters")
    headers: dict[str, str] = Field(default_factory=dict)
    body: str = ""
    is_base64: bool = Field(default=False, alias="isBase64Encoded")

    @property
    def at(self) -> datetime:
        """When it came."""
        return datetime.fromtimestamp(self.context.time_epoch / 1000, UTC)

    @property
    def method(self) -> str:
        """The HTTP method, in capitals."""
        return self.context.http.method

    @property
    def caller(self) -> str:
        """The ARN of the caller whom AWS authenticated; empty if it authenticated none."""
        authorizer = self.context.authorizer
        return authorizer.iam.arn if authorizer and authorizer.iam else ""

    def read_body(self, content_type: str) -> bytes | Unfit:
        """What was sent, if it is of that type and short enough to be looked at."""
        sent = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if sent != content_type:
            return Unfit(415, f"A body of the type {content_type} is expected.")
        # Base64 makes four letters of three bytes.
        if len(self.body) > MOST_BYTES * 4 // 3 + 4:
            return Unfit(413, f"More than {MOST_BYTES} bytes were sent.")
        try:
            raw = (
                base64.b64decode(self.body, validate=True) if self.is_base64 else self.body.encode()
            )
        except ValueError:  # also of base64 and of Unicode
            return Unfit(400, "The body can't be decoded.")
        return (
            raw
            if len(raw) <= MOST_BYTES
            else Unfit(413, f"More than {MOST_BYTES} bytes were sent.")
        )


def respond(
    status: int, verdict: str, reasons: tuple[Reason, ...] = (), **said: Any
) -> dict[str, Any]:
    """A JSON answer to a command: a verdict, the reasons of a refusal, and what else is to be said."""
    content = {"verdict": verdict, "reasons": [each.model_dump() for each in reasons], **said}
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"},
        "body": json.dumps(content),
    }


def read_signed(request: UrlRequest, shape: type[Body]) -> Body | dict[str, Any]:
    """The JSON body of a caller whom AWS authenticated, or the answer that refuses the request."""
    if not request.caller:
        return respond(401, "unknown_caller")
    raw = request.read_body("application/json")
    if isinstance(raw, Unfit):
        return respond(raw.status, "unfit", why=raw.why)
    try:
        return shape.model_validate_json(raw)
    except ValidationError as error:
        return respond(400, "unfit", request_faults(error, shape))
