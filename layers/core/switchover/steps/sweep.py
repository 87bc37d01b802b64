"""A sweep handles many endpoints. A failure at one endpoint doesn't stop the others."""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING

from switchover.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def visit_each(endpoints: Iterable[str], act: Callable[[str], str]) -> dict[str, str]:
    """Handle every endpoint; returns the result of each.

    Raises:
        ExceptionGroup: after all endpoints were handled, with the name and error of each that failed.
            Lambda then retries, and the dead-letter alarm notifies people.
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
        told = f"failed for {', '.join(failed)}; results of the others: {found}"
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
    """Handle each name, beginning after `after`, until the time is up; returns the results.

    For scheduled sweeps: a failure is only logged, because the next sweep tries again. So it doesn't make
    a dead letter each time.
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
    """All names, beginning with those after `after`."""
    return chain(
        (name for name in names if name > after), (name for name in names if name <= after)
    )
