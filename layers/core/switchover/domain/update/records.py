"""The records of an update's course: moments, evidence, abort requests, guard calls."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from switchover.domain.evidence import ContainerLog, Trip
from switchover.domain.reasons import Reason


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Evidence:
    """The evidence that AWS deletes after an update: SageMaker's words, alarms, the container's log."""

    failure_reason: str = ""
    alarms: tuple[Trip, ...] = ()
    log: ContainerLog = ContainerLog()


class Moment(BaseModel):
    """One entry of an update's timeline. It happened `times` in a row, from `at` until `until`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    state: str
    text: str
    old_instances: int | None = None
    new_instances: int | None = None
    times: int = 1
    until: datetime | None = None

    def repeat(self, again: Moment) -> Moment:
        """This moment, counted once more at a later time; adding the same moment twice counts once."""
        until = again.until or again.at
        if until <= (self.until or self.at):
            return self
        return self.model_copy(update={"times": self.times + again.times, "until": until})


class NotedMoment(BaseModel):
    """A moment in the ledger, with the update's revision in the moment's key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    moment: Moment
    revision: int


class AbortRequest(BaseModel):
    """A request to stop an update, from a person, or from a guard with its reasons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    by: str
    reasons: tuple[Reason, ...] = Field(min_length=1)

    @property
    def told(self) -> str:
        """The request in words, for the timeline."""
        first = self.reasons[0]
        if first.code == "update.aborted":
            return f"{first.subject} {first.message}"
        return f"Aborted by {self.by}: {first.subject}: {first.message}"


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class GuardCall:
    """The start of a guard for the bake that began at that time."""

    bake_since: datetime
    called_at: datetime
    has_seen_enough: bool = False
