"""The time in which the running function may begin calls to AWS. Each attempt of a call is checked first.

Lambda runs one invocation per process at a time, so there is one budget per process. The threads of
an invocation share it.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from switchover.domain.errors import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

_ends: list[float] = []


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let calls to AWS begin only within `seconds`. An inner budget never outlasts an outer one."""
    _ends.append(time.monotonic() + min(seconds, seconds_left()))
    try:
        yield
    finally:
        _ends.pop()


def seconds_left() -> float:
    """The time in which a call may still begin; infinite without a budget."""
    return _ends[-1] - time.monotonic() if _ends else float("inf")


def spend(what: str) -> None:
    """Refuse to begin `what` once the time is over.

    Raises:
        NoAnswer: no time is left.
    """
    if seconds_left() <= 0:
        raise NoAnswer(f"{what} was not called: its time is used up")
