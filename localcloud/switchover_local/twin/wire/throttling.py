"""Rate limits of operations: a token bucket for each, filled in virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .refusals import throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from switchover_local.twin.scenario import CallRate


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: datetime


class Buckets:
    """The token buckets of an account's operations; one that has no rate is never throttled.

    Source: EC2 Developer Guide, "Request throttling for the Amazon EC2 API" (a bucket for each action, of
    a maximum capacity, refilled at a rate); SageMaker publishes neither number (rules §6).
    """

    def __init__(
        self, rates: Callable[[], Mapping[str, CallRate]], now: Callable[[], datetime]
    ) -> None:
        self._rates = rates
        self._now = now
        self._buckets: dict[str, _Bucket] = {}

    def take(self, operation: str) -> None:
        """Take a call's token.

        Raises:
            Refusal: ThrottlingException, if there is no token.
        """
        rate = self._rates().get(operation)
        if rate is None:
            return
        now = self._now()
        bucket = self._buckets.setdefault(operation, _Bucket(rate.burst, now))
        seconds = (now - bucket.filled_at).total_seconds()
        bucket.tokens = min(rate.burst, bucket.tokens + seconds * rate.per_second)
        bucket.filled_at = now
        if bucket.tokens < 1:
            raise throttled()
        bucket.tokens -= 1
