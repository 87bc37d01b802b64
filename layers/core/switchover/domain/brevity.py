"""Limits the number of reasons where space is limited, and says how many are left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

# Step Functions and EventBridge carry 256 KB (Step Functions Developer Guide, "Quotas"; EventBridge API
# Reference, PutEvents). An ending may contain an earlier ending, and Lambda's description of an error.
CARRIED_BYTES = 64 * 1024
_LONGEST_TEXT = 4000


def fit_reasons(reasons: Sequence[Reason], most_bytes: int = CARRIED_BYTES) -> tuple[Reason, ...]:
    """The first reasons that fit into `room` bytes of JSON, and a reason with the number of the others.

    Texts of more than 4,000 characters are cut.
    """
    fitting: list[Reason] = []
    room = most_bytes
    for reason in map(_shorten, reasons):
        room -= len(json.dumps(reason.model_dump()))
        if room < 0:
            left = len(reasons) - len(fitting)
            return (*fitting, _more(fitting[-1] if fitting else reason, left))
        fitting.append(reason)
    return tuple(fitting)


def shorten_text(text: str, longest: int = _LONGEST_TEXT) -> str:
    """A text of at most `longest` characters, with the number of characters left out."""
    left = len(text) - longest
    return text if left <= 0 else f"{text[:longest]} … ({left:,} more characters)"


def _shorten(reason: Reason) -> Reason:
    return Reason(**{name: shorten_text(text) for name, text in reason.model_dump().items()})


def _more(last: Reason, left: int) -> Reason:
    return Reason(
        code=last.code,
        subject="more reasons",
        message=f"{left} more reasons are left out here.",
        remedy="Correct the reasons above first, then check again.",
    )
