"""Deadlines, rollbacks, the worst case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from tests.support.policies import FLEETS, POLICIES
from tests.support.samples import policy

from switchover.domain.plans.pace import Pace, resolve_pace
from switchover.domain.plans.timeline import (
    duration_seconds,
    estimate_ready_seconds,
    least_deadline_seconds,
    longest_seconds,
    phases_of,
    way_back_seconds,
    worst_seconds,
)

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason

READY = 900


def resolve(instances: int, **values: Any) -> Pace | Reason:
    return resolve_pace(policy(**values), instances, instances)


def pace(strategy: str, instances: int = 8, **values: Any) -> Pace:
    made = resolve(instances, strategy=strategy, **values)
    assert isinstance(made, Pace)
    return made


def test_a_short_update_still_gets_the_guides_hour() -> None:
    assert least_deadline_seconds(pace("canary"), 60) == 3600


def test_a_long_update_gets_half_as_long_again_as_expected() -> None:
    """A deadline of 3600 for everything would fail a rolling update of 8 (rules §8.14)."""
    assert least_deadline_seconds(pace("rolling"), READY) == 1.5 * 4 * (900 + 10 + 300 + 30)


def test_a_linear_update_may_wait_once_more() -> None:
    """Whether the last step waits before the final bake is undocumented (rules §2.6)."""
    made = pace("linear")
    assert longest_seconds(made, READY) == duration_seconds(phases_of(made, READY)) + 300


@given(instances=FLEETS, values=POLICIES)
def test_the_deadline_always_exceeds_what_may_happen(
    instances: int, values: dict[str, Any]
) -> None:
    """MaximumExecutionTimeoutInSeconds must exceed the total of the waits (rules §1.2)."""
    made = resolve(instances, **values)
    assume(isinstance(made, Pace))
    assert least_deadline_seconds(made, READY) > longest_seconds(made, READY)


@pytest.mark.parametrize("strategy", ["canary", "linear", "all-at-once"])
def test_blue_green_goes_back_by_a_flip_of_the_traffic(strategy: str) -> None:
    """The old fleet stands until every bake is over (rules §2.6)."""
    assert way_back_seconds(pace(strategy), READY) == 40


@pytest.mark.parametrize(("percent", "batches"), [(100, 1), (50, 2), (25, 4)])
def test_rolling_goes_back_by_launching_again(percent: int, batches: int) -> None:
    made = pace("rolling", rolling={"rollback_batch_percent": percent})
    assert way_back_seconds(made, READY) == batches * (900 + 10 + 30)


def test_a_redeploy_goes_back_by_another() -> None:
    assert way_back_seconds(pace("redeploy"), READY) == 38 + 900


def test_the_worst_is_a_fault_at_the_watchs_last_moment() -> None:
    assert worst_seconds(pace("canary"), READY, 3600, 600) == 3600 + 600 + 940


def test_the_worst_of_a_rolling_update_may_be_its_rollback() -> None:
    made = pace("rolling", rolling={"rollback_batch_percent": 25})
    assert worst_seconds(made, READY, 3600, 600) == 3600 + 4 * 940


def test_a_larger_model_takes_longer_to_be_ready() -> None:
    assert estimate_ready_seconds(16_000_000_000) == 240 + 80
