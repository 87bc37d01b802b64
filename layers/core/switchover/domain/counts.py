"""How far long work has come, for the caller who shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """So many are `done` of `total`. `what` says what is done now; a new `what` may begin at 0 again.

    `total` is 0 while nobody knows the total.
    """

    what: str
    done: int
    total: int
    is_bytes: bool = False


OnCount = Callable[[Count], None]


def count_nothing(_: Count) -> None:
    """For callers who show no progress."""
