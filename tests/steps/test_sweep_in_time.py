"""A round visits all endpoints in turn, skips failing ones, and continues where the last one stopped."""

from __future__ import annotations

from itertools import count

import pytest

from switchover.steps.sweep import FAILED, visit_in_time

NAMES = ("c", "a", "b", "a")


def act(name: str) -> str:
    return name.upper()


@pytest.mark.parametrize(
    ("after", "order"),
    [("", "abc"), ("a", "bca"), ("b", "cab"), ("c", "abc"), ("aa", "bca"), ("zzz", "abc")],
)
def test_each_is_visited_once_from_behind_the_last_one_on(after: str, order: str) -> None:
    assert list(visit_in_time(NAMES, act, after=after, seconds=60)) == list(order)


@pytest.mark.parametrize("bad", ["a", "b", "c"])
def test_one_that_fails_is_passed_over(bad: str) -> None:
    def visit(name: str) -> str:
        if name == bad:
            raise ValueError("can't be read")
        return "looked"

    found = visit_in_time(NAMES, visit, after="", seconds=60)

    assert found == {**dict.fromkeys("abc", "looked"), bad: FAILED}


@pytest.mark.parametrize(
    ("seconds", "visited"), [(0, ""), (1, ""), (2, "a"), (3, "ab"), (9, "abc")]
)
def test_what_is_not_reached_in_time_is_left_to_the_next_round(seconds: int, visited: str) -> None:
    ticks = count()

    found = visit_in_time(NAMES, act, after="", seconds=seconds, clock=lambda: float(next(ticks)))

    assert list(found) == list(visited)


def test_no_name_is_no_work() -> None:
    assert visit_in_time((), act, after="x", seconds=60) == {}
