"""Classifies failed AWS calls: refused, throttled, broken, or without an answer."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnectionError

from switchover.domain.errors import NoAnswer

# All exceptions that a call can raise.
AWS_FAILED = (NoAnswer, ClientError, BotoCoreError)
# The error codes that botocore retries (retries/standard.py, not a public interface), without
# LimitExceededException: from Application Auto Scaling or Scheduler that is a quota, and waiting
# doesn't help.
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_BAD_REQUEST, _TOO_MANY_REQUESTS, _SERVERS_OWN = 400, 429, 500


def is_unanswered(error: BaseException) -> bool:
    """Whether the same call may succeed later. It is unknown whether AWS carried this one out."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return (
            error.response["Error"].get("Code") in THROTTLED
            or status == _TOO_MANY_REQUESTS
            or status >= _SERVERS_OWN
        )
    return isinstance(error, NoAnswer | HTTPClientError | NoConnectionError | IncompleteReadError)


def was_refused(error: BaseException) -> bool:
    """Whether AWS refused the call at its first try. After a retry, the first try may still land."""
    if not isinstance(error, ClientError):
        return False
    told = error.response.get("ResponseMetadata", {})
    is_refusal = _BAD_REQUEST <= told.get("HTTPStatusCode", 0) < _SERVERS_OWN
    return is_refusal and not told.get("RetryAttempts", 0)
