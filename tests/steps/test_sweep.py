"""A sweep reaches every endpoint even if others fail, and names the failed ones at the end."""

from __future__ import annotations

import pytest

from switchover.steps.sweep import visit_each

ENDPOINTS = ("one", "two", "three")


def test_each_is_visited_and_what_was_found_is_told() -> None:
    assert visit_each(ENDPOINTS, str.upper) == {"one": "ONE", "two": "TWO", "three": "THREE"}


@pytest.mark.parametrize("bad", ENDPOINTS)
def test_those_that_fail_are_told_by_name_after_all_were_visited(bad: str) -> None:
    seen: list[str] = []

    def visit(endpoint: str) -> str:
        seen.append(endpoint)
        if endpoint == bad:
            raise ValueError("can't be read")
        return "looked"

    with pytest.raises(ExceptionGroup, match=f"failed for {bad}") as failed:
        visit_each(ENDPOINTS, visit)

    assert seen == list(ENDPOINTS)
    assert failed.value.exceptions[0].__notes__ == [f"endpoint {bad}"]
