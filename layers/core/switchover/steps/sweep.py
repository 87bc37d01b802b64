"""A sweep acts for many endpoints; one that fails keeps none of the others from its turn."""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING

from switchover.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def visit_each(endpoints: Iterable[str], act: Callable[[str], str]) -> dict[str, str]:
    """Act for every endpoint; returns what was found at each.

    Raises:
        ExceptionGroup: after all were visited, with the error of each that failed and its name, so that
            Lambda tries again and the dead-letter alarm tells people.
    """
    found: dict[str, str] = {}
    failed: dict[str, Exception] = {}
    for endpoint in endpoints:
        try:
            found[endpoint] = act(endpoint)
        except Exception as error:  # noqa: BLE001  (told below, once all were visited)
            error.add_note(f"endpoint {endpoint}")
            failed[endpoint] = error
    if failed:
        told = f"failed for {', '.join(failed)}; found elsewhere: {found}"
        raise ExceptionGroup(told, list(failed.values()))
    return found


def visit_in_time(
    names: Iterable[str],
    act: Callable[[str], str],
    *,
    after: str,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, str]:
    """Act for each name, beginning behind `after`, until the time is up; returns what was found.

    For what comes round by the clock: a failure is logged and found again the next time, so that it makes
    no dead letter each time.
    """
    until = clock() + seconds
    found: dict[str, str] = {}
    for name in _from(sorted(set(names)), after):
        if clock() >= until:
            break
        try:
            found[name] = act(name)
        except Exception:  # noqa: BLE001  (logged, and found again in the next round)
            logger().exception("passed over", extra={"endpoint": name})
            found[name] = FAILED
    return found


FAILED = "failed"


def _from(names: list[str], after: str) -> Iterator[str]:
    """All names, those behind `after` first."""
    return chain(
        (name for name in names if name > after), (name for name in names if name <= after)
    )
