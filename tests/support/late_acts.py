"""Requests that take effect late: the caller has ended or got no answer, and AWS carries them out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ReadTimeoutError
from tests.support.lambdas import PlannedCrash

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World


@dataclass
class LandsLate:
    """A client whose one call takes effect `seconds` later, without an answer to its caller.

    With `stops` the execution is stopped meanwhile, and its function ends. Otherwise the function times
    out, and is run again. This happens once, in `state`.
    """

    world: World
    service: str
    operation: str
    seconds: float
    state: str
    stops: bool = True
    landed: list[str] = field(default_factory=list)
    was_asked: bool = False
    _client: Any = None

    def plant(self) -> LandsLate:
        """From now on this is the product's client of the service."""
        self._client = self.world.client(self.service)
        self.world.stand_ins[self.service] = self
        return self

    def __getattr__(self, operation: str) -> Any:
        real = getattr(self._client, operation)
        return self._late(real) if operation == self.operation else real

    def _late(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def ask(**request: Any) -> Any:
            running = [e for e in self.world.executions if e.status.value == "RUNNING"]
            if self.was_asked or not running or running[-1].state != self.state:
                return real(**request)
            self.was_asked = True
            self.world.clock.call_later(self.seconds, lambda: self._land(real, request))
            if not self.stops:
                raise ReadTimeoutError(endpoint_url=self.service)
            self.world.stepfunctions.stop_execution(executionArn=running[-1].arn)
            raise PlannedCrash(f"{self.operation} is under way, and nobody waits for it")

        return ask

    def _land(self, real: Callable[..., Any], request: Any) -> None:
        with suppress(ClientError):
            real(**request)
            self.landed.append(self.operation)
