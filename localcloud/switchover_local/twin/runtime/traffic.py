"""Load: virtual requests through the same code as InvokeEndpoint."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Protocol

from switchover_local.twin.wire.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from switchover_local.twin.agenda import Timer
    from switchover_local.twin.clock import Clock

_FAILURES_KEPT = 10
_DAY_SECONDS = 86_400


class Rate(Protocol):
    """How busy the endpoint is."""

    def rps(self, at: datetime, elapsed_seconds: float) -> float:
        """Requests per second at the moment `at`, `elapsed_seconds` after the load began."""


@dataclass(frozen=True, slots=True)
class ConstantRate:
    """A constant rate."""

    requests_per_second: float

    def rps(self, at: datetime, elapsed_seconds: float) -> float:  # noqa: ARG002 - the protocol
        """Requests per second."""
        return self.requests_per_second


@dataclass(frozen=True, slots=True)
class SteppedRate:
    """A rate from each moment on: (from second, requests per second), in order."""

    steps: tuple[tuple[float, float], ...]

    def rps(self, at: datetime, elapsed_seconds: float) -> float:  # noqa: ARG002 - the protocol
        """Requests per second; none before the first step."""
        index = bisect_right([since for since, _ in self.steps], elapsed_seconds)
        return self.steps[index - 1][1] if index else 0.0


@dataclass(frozen=True, slots=True)
class DailyRate:
    """A day's tide: highest at `peak_hour` (UTC), lowest twelve hours away."""

    lowest_rps: float
    highest_rps: float
    peak_hour: float = 14.0

    def rps(self, at: datetime, elapsed_seconds: float) -> float:  # noqa: ARG002 - the protocol
        """Requests per second at this time of day."""
        second = at.timestamp() % _DAY_SECONDS - self.peak_hour * 3600
        tide = (1 + math.cos(2 * math.pi * second / _DAY_SECONDS)) / 2
        return self.lowest_rps + (self.highest_rps - self.lowest_rps) * tide


class Load:
    """Sends requests to one endpoint while it is started; counts their results.

    Args:
        invoke: sends one request to an endpoint at a moment; a failed one raises a Refusal.
        jitter: how far the number of requests in a batch may differ from the rate, as a share (0–1).
        batch_seconds: how much virtual time one timer covers.
    """

    def __init__(
        self,
        clock: Clock,
        invoke: Callable[[str, datetime], object],
        endpoint_name: str,
        rate: Rate,
        *,
        seed: int = 0,
        jitter: float = 0.1,
        batch_seconds: float = 1.0,
    ) -> None:
        self._clock = clock
        self._invoke = invoke
        self._endpoint_name = endpoint_name
        self._rate = rate
        # Reproducible noise, not a secret.
        self._random = Random(f"{seed}/{endpoint_name}")  # noqa: S311
        self._jitter = jitter
        self._batch_seconds = batch_seconds
        self._began_at: datetime | None = None
        self._timer: Timer | None = None
        self._owed = 0.0
        self.requests = 0
        self.failures = 0
        self.first_failures: list[str] = []

    @property
    def is_running(self) -> bool:
        """Whether requests are flowing."""
        return self._timer is not None

    def start(self) -> None:
        """Start sending requests; a second start changes nothing."""
        if self._timer is None:
            self._began_at = self._clock.now()
            self._send_batch()

    def stop(self) -> None:
        """Stop sending requests; the counts stay."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send_batch(self) -> None:
        now = self._clock.now()
        self._timer = self._clock.call_later(self._batch_seconds, self._send_batch)
        elapsed_seconds = (now - (self._began_at or now)).total_seconds()
        noise = 1 + self._random.uniform(-self._jitter, self._jitter)
        self._owed += self._rate.rps(now, elapsed_seconds) * self._batch_seconds * noise
        count = int(self._owed)
        self._owed -= count
        # The whole batch is sent at its beginning, so that an alarm that reads the metrics at its
        # end, at that very instant, sees all of it.
        offsets = sorted(self._random.uniform(0, self._batch_seconds) for _ in range(count))
        for offset in offsets:
            self._send(now + timedelta(seconds=offset))

    def _send(self, at: datetime) -> None:
        self.requests += 1
        try:
            self._invoke(self._endpoint_name, at)
        except Refusal as refusal:
            self.failures += 1
            if len(self.first_failures) < _FAILURES_KEPT:
                self.first_failures.append(str(refusal))
