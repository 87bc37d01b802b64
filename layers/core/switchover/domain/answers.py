"""What a state answers: a verdict that a Choice compares, and the reasons behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.domain.brevity import fit_reasons

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.domain.reasons import Reason


def answer(verdict: str, reasons: Iterable[Reason] = ()) -> dict[str, Any]:
    """The JSON that a state hands to the machine, which carries a bounded part of the reasons."""
    carried = fit_reasons(tuple(reasons))
    return {"verdict": verdict, "reasons": [reason.model_dump() for reason in carried]}
