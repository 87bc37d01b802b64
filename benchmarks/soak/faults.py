"""The random faults of a soak: calls, functions, events. Every fault is recorded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.faults.injected import Call, Tap, state_of
from tests.support.faults.kinds import Failure, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from random import Random

    from benchmarks.soak.world import SoakWorld

_HOUR = 3600
# The share of all calls; each of these has failed in all tries of the SDK.
_CALL_FAILS = 1 / 400
_EVENT_IS_LOST = 1 / 20
_STORM_EVERY_SECONDS = 6 * _HOUR
_STORM_LASTS_SECONDS = (60, 900)
_STORM_FAILS = 0.5
_CRASH_EVERY_SECONDS = 2 * _HOUR
_KINDS = (Kind.THROTTLED, Kind.SERVER_ERROR, Kind.NO_CONNECTION, Kind.LOST_ANSWER)
# Best effort (rules §5), and backed by polls. S3's own event begins an update, and no poll replaces it.
_LOSABLE = frozenset({"aws.sagemaker", "aws.cloudwatch", "aws.states", "switchover"})


@dataclass(frozen=True, slots=True)
class Hit:
    """A call that failed, and its update."""

    at: datetime
    call: Call
    kind: Kind
    update_id: str


@dataclass(slots=True)
class Disturbed(Tap):
    """Replaces the product's clients: counts each call, and makes some fail."""

    dice: Random = field(kw_only=True)
    is_on: bool = True
    made: Counter[tuple[str, str]] = field(default_factory=Counter)
    # For each operation: its calls in the present minute, and in the busiest one.
    busiest: Counter[tuple[str, str]] = field(default_factory=Counter)
    spoilt: list[Hit] = field(default_factory=list)
    crashes: Counter[str] = field(default_factory=Counter)
    _minute: int = 0
    _in_minute: Counter[tuple[str, str]] = field(default_factory=Counter)
    _storms: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def pass_on(self, service: str, operation: str, ask: Callable[[], Any]) -> Any:
        """Make a call, unless a fault was drawn for it."""
        self._count(service, operation)
        kind = self._draw(service, operation) if self.is_on else None
        if kind is None:
            return ask()
        function, payload = self.world.lambdas.running
        call = Call(state_of(function, payload), function, service, operation)
        if call.is_reading and kind is Kind.LOST_ANSWER:
            kind = Kind.NO_CONNECTION
        update_id = payload.get("update_id", "") if isinstance(payload, dict) else ""
        self.spoilt.append(Hit(self.world.clock.now(), call, kind, str(update_id)))
        return Failure(call, kind, is_for_ever=False).spoil(call, self, ask)

    def plan(self) -> None:
        """Start storms, crashes and losses of events."""
        world: SoakWorld = self.world  # type: ignore[assignment]
        world.outlets.loses = self._loses
        self._again(_STORM_EVERY_SECONDS, self._storm)
        self._again(_CRASH_EVERY_SECONDS, self._crash)

    def _draw(self, service: str, operation: str) -> Kind | None:
        until = self._storms.get((service, operation))
        if until is not None and self.world.clock.now() < until:
            return Kind.THROTTLED if self.dice.random() < _STORM_FAILS else None
        return self.dice.choice(_KINDS) if self.dice.random() < _CALL_FAILS else None

    def _storm(self) -> None:
        if self.made:
            struck = self.dice.choice(sorted(self.made))
            later = self.world.clock.now().timestamp() + self.dice.uniform(*_STORM_LASTS_SECONDS)
            now = self.world.clock.now()
            self._storms[struck] = now.fromtimestamp(later, now.tzinfo)

    def _crash(self) -> None:
        function = self.dice.choice(sorted(self.world.lambdas.template.functions))
        state = function.removesuffix("Function")
        if self.world.lambdas.crashes[state]:
            return  # it hasn't run since the last crash: crashes in a row would use up its retries
        self.world.crash(state, times=1, after=self.dice.random() < 0.5)
        self.crashes[state] += 1

    def _loses(self, event: Mapping[str, Any]) -> bool:
        return self.is_on and event["source"] in _LOSABLE and self.dice.random() < _EVENT_IS_LOST

    def _again(self, every_seconds: float, act: Callable[[], None]) -> None:
        def go() -> None:
            if self.is_on:
                act()
                self._again(every_seconds, act)

        self.world.clock.call_later(self.dice.expovariate(1 / every_seconds), go)

    def _count(self, service: str, operation: str) -> None:
        call = service, operation
        self.made[call] += 1
        minute = int(self.world.clock.now().timestamp() // 60)
        if minute != self._minute:
            self._minute = minute
            self._in_minute.clear()
        self._in_minute[call] += 1
        self.busiest[call] = max(self.busiest[call], self._in_minute[call])
