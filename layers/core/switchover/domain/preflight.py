"""The checks before an update, each with its evidence."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel, ConfigDict

from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable


class CheckState(StrEnum):
    """The result of a check.

    UNKNOWN is neither good nor bad. NOTED stops nothing, but people should know it.
    """

    PASSED = "passed"
    NOTED = "noted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Check(BaseModel):
    """One check. `name` is stable; `title` and `evidence` are for people.

    A refused check has reasons; the others have none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    state: CheckState
    evidence: str
    reasons: tuple[Reason, ...] = ()

    @classmethod
    def judged(cls, name: str, title: str, evidence: str, reasons: Iterable[Reason] = ()) -> Self:
        """Refused if there are reasons, else passed."""
        against = tuple(reasons)
        state = CheckState.REFUSED if against else CheckState.PASSED
        return cls(name=name, title=title, state=state, evidence=evidence, reasons=against)

    @classmethod
    def noted(cls, name: str, title: str, evidence: str) -> Self:
        """Doesn't stop the update, but people should know it."""
        return cls(name=name, title=title, state=CheckState.NOTED, evidence=evidence)

    @classmethod
    def unknown(cls, name: str, title: str, evidence: str) -> Self:
        """Not measured; `evidence` says why."""
        return cls(name=name, title=title, state=CheckState.UNKNOWN, evidence=evidence)


class Preflight(BaseModel):
    """Every check of one plan, in the order in which people read them.

    `checklist` are the guide's five points, each based on some of the checks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checks: tuple[Check, ...] = ()
    checklist: tuple[Check, ...] = ()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """All reasons against the update."""
        return tuple(reason for check in self.checks for reason in check.reasons)

    @property
    def is_clear(self) -> bool:
        """Whether no check refuses the update."""
        return not self.reasons
