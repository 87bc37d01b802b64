"""Which errors say nothing about what was asked: throttling, a server's own failure, silence."""

from __future__ import annotations

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnectionError

from switchover.domain.errors import NoAnswer

# What botocore retries by its code (retries/standard.py, which is no public interface), but for
# LimitExceededException: of Application Auto Scaling or Scheduler it is a quota, that no waiting mends.
_THROTTLED = frozenset(
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
_TOO_MANY_REQUESTS = 429
_SERVERS_OWN = 500


def is_unanswered(error: BaseException) -> bool:
    """Whether the same call, made later, may well be answered; whether it was carried out isn't known."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return (
            error.response["Error"].get("Code") in _THROTTLED
            or status == _TOO_MANY_REQUESTS
            or status >= _SERVERS_OWN
        )
    return isinstance(error, NoAnswer | HTTPClientError | NoConnectionError | IncompleteReadError)
