"""What an update keeps of its own course: moments, evidence, the capacity before, requests of people."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from switchover.domain.evidence import ContainerLog, Trip
from switchover.domain.reasons import Reason


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Evidence:
    """What would vanish when the update is over: SageMaker's words, alarms, the container's log."""

    failure_reason: str = ""
    alarms: tuple[Trip, ...] = ()
    log: ContainerLog = ContainerLog()


class Moment(BaseModel):
    """One entry of an update's timeline. `times` it was told in a row, from `at` until `until`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    state: str
    text: str
    old_instances: int | None = None
    new_instances: int | None = None
    times: int = 1
    until: datetime | None = None

    def repeat(self, again: Moment) -> Moment:
        """This moment, told once more later; the same moment twice is one."""
        until = again.until or again.at
        if until <= (self.until or self.at):
            return self
        return self.model_copy(update={"times": self.times + again.times, "until": until})


class NotedMoment(BaseModel):
    """A moment in the ledger, and the update's revision that stands in its key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    moment: Moment
    revision: int


class AbortRequest(BaseModel):
    """Somebody wants an update stopped: a person, or a guard with its reasons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    by: str
    reasons: tuple[Reason, ...] = Field(min_length=1)

    @property
    def told(self) -> str:
        """What people read in the timeline."""
        first = self.reasons[0]
        if first.code == "update.aborted":
            return f"{first.subject} {first.message}"
        return f"Aborted by {self.by}: {first.subject}: {first.message}"


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class GuardCall:
    """A guard was called for the bake that began then."""

    bake_since: datetime
    called_at: datetime
    has_seen_enough: bool = False
