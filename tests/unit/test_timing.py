"""Durations follow the sequences of rules §2.6."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchover.domain.policy import Strategy
from switchover.domain.timing import (
    ALARM_DELAY_SECONDS,
    TERMINATE_SECONDS,
    Pace,
    deadline_seconds,
    detection_seconds,
    estimate_ready_seconds,
)

READY = 900


def pace(strategy: Strategy, **changes: Any) -> Pace:
    return Pace(
        **{
            "strategy": strategy,
            "instances": 8,
            "step_instances": 2,
            "bake_seconds": 300,
            "termination_wait_seconds": 200,
            "rollback_batch_instances": 8,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("strategy", "seconds"),
    [
        (Strategy.ROLLING, 4 * (READY + 300 + TERMINATE_SECONDS)),
        (Strategy.CANARY, READY + 300 + 200 + TERMINATE_SECONDS),
        (Strategy.LINEAR, READY + 4 * 300 + 200 + TERMINATE_SECONDS),
        (Strategy.ALL_AT_ONCE, READY + 200 + TERMINATE_SECONDS),
        (Strategy.REDEPLOY, READY + TERMINATE_SECONDS),
    ],
)
def test_each_strategy_takes_its_own_time(strategy: Strategy, seconds: int) -> None:
    """A rolling batch provisions each time; blue/green provisions once (rules §2.6)."""
    assert pace(strategy).duration_seconds(READY) == seconds


@pytest.mark.parametrize(
    ("strategy", "peak"),
    [
        (Strategy.ROLLING, 10),
        (Strategy.CANARY, 16),
        (Strategy.LINEAR, 16),
        (Strategy.ALL_AT_ONCE, 16),
        (Strategy.REDEPLOY, 8),
    ],
)
def test_only_rolling_and_redeploy_spare_a_second_fleet(strategy: Strategy, peak: int) -> None:
    """Blue/green provisions all green capacity before any shift (rules §2.6)."""
    assert pace(strategy).peak_instances == peak


@pytest.mark.parametrize(
    ("strategy", "steps"),
    [
        (Strategy.ROLLING, 3),
        (Strategy.CANARY, 2),
        (Strategy.LINEAR, 3),
        (Strategy.ALL_AT_ONCE, 1),
        (Strategy.REDEPLOY, 1),
    ],
)
def test_a_remainder_is_a_step_of_its_own(strategy: Strategy, steps: int) -> None:
    assert pace(strategy, step_instances=3).steps == steps


@pytest.mark.parametrize(
    ("strategy", "seconds"),
    [
        (Strategy.ROLLING, 300),
        (Strategy.CANARY, 300),
        (Strategy.LINEAR, 300),
        (Strategy.ALL_AT_ONCE, 200),
        (Strategy.REDEPLOY, 0),
    ],
)
def test_all_at_once_is_guarded_in_its_termination_wait(strategy: Strategy, seconds: int) -> None:
    """WaitInterval has no step to act on there (rules §8.15)."""
    assert pace(strategy).guarded_seconds == seconds


def test_a_short_update_still_gets_the_guides_hour() -> None:
    assert deadline_seconds(pace(Strategy.CANARY), 60) == 3600


def test_a_long_update_gets_half_as_long_again_as_expected() -> None:
    """A deadline of 3600 for everything would fail a rolling update of 8 (rules §8.14)."""
    assert deadline_seconds(pace(Strategy.ROLLING), READY) == 1.5 * 4 * 1320


@given(
    strategy=st.sampled_from(Strategy),
    step=st.integers(1, 8),
    bake=st.integers(0, 3600),
    termination_wait=st.integers(0, 3600),
    ready=st.integers(30, 7200),
)
def test_the_deadline_always_exceeds_what_is_expected(
    strategy: Strategy, step: int, bake: int, termination_wait: int, ready: int
) -> None:
    """MaximumExecutionTimeoutInSeconds must exceed the total of the waits (rules §1.2)."""
    moving = pace(
        strategy,
        step_instances=step,
        bake_seconds=bake,
        termination_wait_seconds=termination_wait,
    )
    assert deadline_seconds(moving, ready) > moving.duration_seconds(ready)


def test_detection_counts_every_period_and_cloudwatchs_own_delay() -> None:
    """Period × EvaluationPeriods + 60–120 s (rules §4)."""
    assert detection_seconds(60, 2) == 120 + ALARM_DELAY_SECONDS == 240


def test_a_larger_model_takes_longer_to_be_ready() -> None:
    assert estimate_ready_seconds(16_000_000_000) == 240 + 80
