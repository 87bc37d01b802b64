"""Calls to SageMaker: the client, and the errors that its refusals stand for.

Nearly every refusal is a ValidationException, and only its message shows the cause (rules §2.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.aws.unknown_fields import tell_unknown_fields
from switchover.domain.errors import CallRefused, EndpointBusy, EndpointNotFound, Unavailable

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_sagemaker import SageMakerClient

NOT_FOUND = "could not find"
EXISTING = "already existing"
_IN_PROGRESS = "in-progress"
# A resource that was just created may not be visible at once (rules §1.7), so a retry helps.
_NOT_YET_VISIBLE = ("could not find endpoint configuration", "could not find model")
_FINAL = frozenset({"ValidationException", "ResourceLimitExceeded", "ResourceInUse"})


class SageMakerCalls:
    """The common base of all SageMaker gateways: the client of one account."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker
        tell_unknown_fields(sagemaker, "DescribeEndpointConfig", "DescribeModel")


def says(error: ClientError, words: str) -> bool:
    """Whether a refusal's message contains these words, given in lower case."""
    return words in error.response["Error"].get("Message", "").lower()


def refusal_of(error: ClientError) -> Exception:
    """The domain's error for a refusal, with SageMaker's words; for other errors, the error itself."""
    message = error.response["Error"].get("Message", str(error))
    if says(error, _IN_PROGRESS):
        return EndpointBusy(message)
    if any(says(error, words) for words in _NOT_YET_VISIBLE):
        return Unavailable(message)
    if says(error, NOT_FOUND):
        return EndpointNotFound(message)
    if error.response["Error"].get("Code") in _FINAL:
        return CallRefused(message)
    return error
