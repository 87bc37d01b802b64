"""A sweep acts for many endpoints; one that fails keeps none of the others from its turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


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
