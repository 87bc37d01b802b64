"""A request to a function URL (Lambda Developer Guide, "Invoking function URLs", payload format 2.0).

The sender controls query, headers and body. Lambda writes `requestContext`, which can be trusted.
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
    """The HTTP part of the context."""

    method: str


class Caller(_Part):
    """The caller whose signature Lambda checked."""

    arn: str = Field(alias="userArn")


class Authorizer(_Part):
    """How Lambda authenticated the caller. Only AuthType AWS_IAM brings `iam`."""

    iam: Caller | None = None


class Context(_Part):
    """What Lambda writes about the request. `timeEpoch` is its arrival in Unix milliseconds."""

    http: Http
    time_epoch: int = Field(alias="timeEpoch")
    authorizer: Authorizer | None = None


class UrlRequest(_Part):
    """One request to a function URL."""

    context: Context = Field(alias="requestContext")
    query: dict[str, str] = Field(default_factory=dict, alias="queryStringParameters")
    headers: dict[str, str] = Field(default_factory=dict)
    body: str = ""
    is_base64: bool = Field(default=False, alias="isBase64Encoded")

    @property
    def at(self) -> datetime:
        """When Lambda received the request, in UTC."""
        return datetime.fromtimestamp(self.context.time_epoch / 1000, UTC)

    @property
    def method(self) -> str:
        """The HTTP method, in capitals."""
        return self.context.http.method

    @property
    def caller(self) -> str:
        """The ARN of the caller whom AWS authenticated; empty without authentication."""
        authorizer = self.context.authorizer
        return authorizer.iam.arn if authorizer and authorizer.iam else ""

    def read_body(self, content_type: str) -> bytes | Unfit:
        """The decoded body; Unfit if its type is another, or if it is too long or can't be decoded."""
        sent = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if sent != content_type:
            return Unfit(415, f"Send the body as {content_type}.")
        # Base64 turns three bytes into four characters.
        if len(self.body) > MOST_BYTES * 4 // 3 + 4:
            return Unfit(413, f"More than {MOST_BYTES} bytes were sent. Shorten the body.")
        try:
            raw = (
                base64.b64decode(self.body, validate=True) if self.is_base64 else self.body.encode()
            )
        except ValueError:  # binascii.Error and UnicodeError among them
            return Unfit(400, "The body can't be decoded. Send UTF-8 text or its Base64.")
        return (
            raw
            if len(raw) <= MOST_BYTES
            else Unfit(413, f"More than {MOST_BYTES} bytes were sent. Shorten the body.")
        )


def respond(
    status: int, verdict: str, reasons: tuple[Reason, ...] = (), **said: Any
) -> dict[str, Any]:
    """A JSON answer to a command: a verdict, the reasons of a refusal, and more fields as `said`."""
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
