"""Percentages become whole instances within SageMaker's bounds (rules §1.3, §8.17–18)."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchover.domain.errors import FleetTooSmall
from switchover.domain.plans.pace import (
    batch_percent_by_table,
    fit_batch,
    resolve_batch,
    resolve_canary,
    resolve_linear_step,
    resolve_rollback_batch,
)

FLEETS = st.integers(2, 100)


@given(instances=FLEETS, percent=st.floats(0.01, 50))
def test_a_canary_is_at_least_one_instance_and_at_most_half_of_the_fleet(
    instances: int, percent: float
) -> None:
    """CanarySize is at most 50 % (rules §1.2)."""
    assert 1 <= resolve_canary(percent, instances) <= instances // 2


@given(instances=FLEETS, percent=st.floats(10, 50))
def test_a_linear_step_lies_between_a_tenth_and_half_of_the_fleet(
    instances: int, percent: float
) -> None:
    """LinearStepSize is 10–50 % (rules §1.2)."""
    lowest = max(1, ceil(instances / 10))
    assert lowest <= resolve_linear_step(percent, instances) <= instances // 2


@given(instances=FLEETS, percent=st.none() | st.floats(5, 50))
def test_a_batch_lies_between_a_twentieth_and_half_of_the_fleet(
    instances: int, percent: float | None
) -> None:
    """MaximumBatchSize is 5–50 % (rules §1.2)."""
    lowest = max(1, ceil(instances / 20))
    assert lowest <= resolve_batch(percent, instances) <= instances // 2


@given(instances=FLEETS, percents=st.tuples(st.floats(5, 50), st.floats(5, 50)).map(sorted))
def test_a_larger_percentage_is_never_a_smaller_batch(
    instances: int, percents: list[float]
) -> None:
    assert resolve_batch(percents[0], instances) <= resolve_batch(percents[1], instances)


@pytest.mark.parametrize(
    ("refuse", "what"),
    [
        (lambda: resolve_canary(50, 1), "a canary"),
        (lambda: resolve_linear_step(50, 1), "a linear step"),
        (lambda: resolve_batch(50, 1), "a rolling batch"),
        (lambda: resolve_batch(None, 1), "a rolling batch"),
    ],
)
def test_one_instance_is_refused_by_name(refuse: object, what: str) -> None:
    """No integer lies within the bounds for a fleet of one (rules §1.3)."""
    assert callable(refuse)
    with pytest.raises(FleetTooSmall, match=f"{what} needs at least 2 instances, .* fleet has 1"):
        refuse()


@pytest.mark.parametrize(
    ("instances", "batch"),
    [(2, 1), (3, 1), (4, 2), (5, 1), (8, 2), (10, 2), (11, 2), (20, 4), (100, 20)],
)
def test_the_guides_table_gives_the_batch_where_nobody_asks(instances: int, batch: int) -> None:
    """2–4: 50 %, 5–10: 25 %, above: 20 %; rounded down, so that 50 % of 3 is 1 (rules §8.18)."""
    assert resolve_batch(None, instances) == batch


@pytest.mark.parametrize(("instances", "percent"), [(4, 50), (5, 25), (10, 25), (11, 20)])
def test_ten_instances_belong_to_the_middle_row(instances: int, percent: float) -> None:
    assert batch_percent_by_table(instances) == percent


@pytest.mark.parametrize(
    ("percent", "instances", "batch"), [(10, 2, 1), (25, 8, 2), (33, 3, 1), (50, 3, 1)]
)
def test_batches_round_down(percent: float, instances: int, batch: int) -> None:
    assert resolve_batch(percent, instances) == batch


@given(instances=st.integers(1, 100), percent=st.floats(5, 100))
def test_a_rollback_batch_lies_between_a_twentieth_and_the_whole_fleet(
    instances: int, percent: float
) -> None:
    """RollbackMaximumBatchSize is 5–100 %: 5 % of 30 is 2 instances, since 1 would be 3 %."""
    lowest = max(1, ceil(instances / 20))
    assert lowest <= resolve_rollback_batch(percent, instances) <= instances


@pytest.mark.parametrize(
    ("percent", "instances", "batch"), [(100, 4, 4), (100, 1, 1), (5, 4, 1), (50, 7, 3), (5, 30, 2)]
)
def test_a_rollback_batch_may_be_the_whole_fleet(
    percent: float, instances: int, batch: int
) -> None:
    assert resolve_rollback_batch(percent, instances) == batch


@given(instances=FLEETS, batch=st.integers(1, 200))
def test_a_batch_of_another_fleet_keeps_the_bounds_of_this_one(instances: int, batch: int) -> None:
    """MaximumBatchSize is 5–50 % of the instances that there are now (rules §1.2)."""
    fitted = fit_batch(batch, instances)
    assert fitted is not None
    assert max(1, ceil(instances / 20)) <= fitted <= instances // 2


def test_one_instance_has_no_batches() -> None:
    assert fit_batch(1, 1) is None
