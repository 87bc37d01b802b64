"""How long the function that runs may still ask AWS: each attempt of a call looks here before it is sent.

Lambda gives a process one invocation at a time, so that there is one budget per process; the threads of
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
    """Calls to AWS in here begin within `seconds`; an inner budget never outlasts an outer one."""
    _ends.append(time.monotonic() + min(seconds, seconds_left()))
    try:
        yield
    finally:
        _ends.pop()


def seconds_left() -> float:
    """The time in which a call may still begin; infinite where nobody set an end."""
    return _ends[-1] - time.monotonic() if _ends else float("inf")


def spend(what: str) -> None:
    """Refuse to begin `what` once the time is over.

    Raises:
        NoAnswer: there is no time left for it.
    """
    if seconds_left() <= 0:
        raise NoAnswer(f"{what} was not asked: the time for it is used up")
