"""How often an update is recovered: at once, then after growing pauses, and not for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# Less than the 15 minutes between two looks at all claims, so that the next look is the next try.
FIRST_PAUSE = timedelta(minutes=10)
# With pauses that double, the last recovery begins three and a half days after the first.
MOST_RECOVERIES = 10
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recoveries:
    """How many recoveries of an update were begun, and when the last one was."""

    count: int = 0
    last: datetime = _LONG_AGO


def next_recovery(past: Recoveries) -> datetime:
    """From when on another recovery may begin.

    A recovery that changed nothing for the better changes nothing when it is repeated at once, and each
    of them costs calls of AWS.
    """
    if past.count == 0:
        return past.last
    if past.count >= MOST_RECOVERIES:
        return _NEVER
    return past.last + FIRST_PAUSE * (1 << (past.count - 1))
