"""The twin's error answers, with AWS's codes and words.

Refusal
├── validation_exception()        most of SageMaker's answers (400)
├── resource_limit_exceeded()     quota (400)
├── too_long()                    a body beyond a service's limit (413)
├── not_modelled()                the twin has no such operation (501)
└── throttled(), internal_failure()
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(eq=False)
class Refusal(Exception):
    """An AWS error answer: `code` is what boto3 shows, `members` the error shape's other fields."""

    code: str
    message: str
    status: int = 400
    members: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def validation_exception(message: str) -> Refusal:
    """SageMaker's answer to nearly every invalid request."""
    return Refusal("ValidationException", message)


def resource_limit_exceeded(message: str) -> Refusal:
    """The account's quota doesn't allow it; SageMaker's one modelled error."""
    return Refusal("ResourceLimitExceeded", message)


def too_long(limit_bytes: int) -> Refusal:
    """A body is too long for a service; the service's front end refuses it before reading the protocol.

    Source: the words and the code that InvokeEndpoint's callers saw (aws/sagemaker-python-sdk #171).
    """
    return Refusal("413", f"HTTP content length exceeded {limit_bytes} bytes.", status=413)


def throttled() -> Refusal:
    """Too many requests; botocore retries the call."""
    return Refusal("ThrottlingException", "Rate exceeded")


def internal_failure() -> Refusal:
    """The service failed; botocore retries the call."""
    return Refusal("InternalFailure", "The request processing has failed.", status=500)


def not_modelled(service: str, operation: str) -> Refusal:
    """The twin doesn't have this operation, and doesn't guess."""
    return Refusal(
        "NotImplemented",
        f"The twin does not model {service}:{operation}. "
        "Only what an endpoint update needs is there.",
        status=501,
    )
