"""The answer of a state: a verdict that a Choice compares, and the reasons for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from switchover.domain.brevity import fit_reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.reasons import Reason

V = TypeVar("V", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class StateAnswer(Generic[V]):
    """One of the state's verdicts. `carried` are further values that the execution keeps."""

    verdict: V
    reasons: tuple[Reason, ...] = ()
    carried: Mapping[str, object] = field(default_factory=dict)


def answer(said: StateAnswer[Any]) -> dict[str, Any]:
    """The JSON that a state returns to the state machine, with a limited number of the reasons."""
    reasons = [reason.model_dump() for reason in fit_reasons(said.reasons)]
    return {"verdict": said.verdict.value, "reasons": reasons, **said.carried}
