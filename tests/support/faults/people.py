"""Faults by people: they stop a running update, or delete and change resources that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.faults.kinds import Fault
from tests.support.faults.outside import act_outside

if TYPE_CHECKING:
    from tests.support.faults.injected import Tap
    from tests.support.walker import Execution


@dataclass(frozen=True)
class Stop(Fault):
    """The execution is stopped when a state begins; then its recovery is stopped in another state."""

    begins_in: str
    then: str = ""
    family = "stop"

    @property
    def at(self) -> str:
        return self.begins_in

    @property
    def how(self) -> str:
        return f"stopped, {self.then} too" if self.then else "stopped"

    def comes_with(self, execution: Execution, tap: Tap) -> bool:
        is_first = execution is tap.world.executions[0]
        if not tap.hits[self]:
            return is_first and execution.state == self.begins_in
        return tap.hits[self] == 1 and not is_first and execution.state == self.then

    def happen(self, execution: Execution, _tap: Tap) -> None:
        execution.abort()


@dataclass(frozen=True)
class Outside(Fault):
    """A resource that the update needs is deleted or changed when a state begins."""

    begins_in: str
    thing: str
    family = "outside"

    @property
    def at(self) -> str:
        return self.begins_in

    @property
    def how(self) -> str:
        return self.thing

    def comes_with(self, execution: Execution, tap: Tap) -> bool:
        is_first = execution is tap.world.executions[0]
        return not tap.hits[self] and is_first and execution.state == self.begins_in

    def happen(self, execution: Execution, tap: Tap) -> None:
        update = tap.world.ledger.find(execution.name)
        tap.is_touched = True
        tap.outcome_before = update.outcome if update else None
        tap.is_touched_after = update is not None and update.ended_at is not None
        act_outside(tap.world, self.thing)
