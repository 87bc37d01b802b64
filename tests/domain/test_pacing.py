"""Steps in whole instances, and their real share of traffic."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.policies import POLICIES
from tests.support.samples import policy

from switchover.domain.plans.pace import Pace, explain_step, resolve_pace


def pace(instances: int, old_instances: int | None = None, **values: Any) -> Pace:
    made = resolve_pace(policy(**values), instances, old_instances or instances)
    assert isinstance(made, Pace)
    return made


@given(instances=st.integers(2, 100), old=st.integers(1, 100), values=POLICIES)
def test_every_shift_reaches_more_and_the_last_reaches_all(
    instances: int, old: int, values: dict[str, Any]
) -> None:
    made = pace(instances, old, **values)
    assert list(made.reach) == sorted(set(made.reach))
    assert made.reach[-1] == instances
    assert 1 <= made.step_instances <= instances
    assert 1 <= made.rollback_batch_instances <= instances


def test_a_remainder_is_a_step_of_its_own() -> None:
    assert pace(8, strategy="linear", linear={"step_percent": 40}).reach == (3, 6, 8)


@pytest.mark.parametrize(
    ("instances", "low", "high"), [(2, 1 / 3, 1 / 2), (3, 1 / 4, 1 / 3), (10, 1 / 11, 1 / 10)]
)
def test_a_canary_gets_one_of_two_shares(instances: int, low: float, high: float) -> None:
    """Whether old instances stop serving meanwhile is undocumented (rules §2.6)."""
    assert pace(instances, strategy="canary").first_share == pytest.approx((low, high))


@pytest.mark.parametrize("strategy", ["linear", "rolling"])
def test_a_step_that_frees_old_instances_gets_its_exact_share(strategy: str) -> None:
    """Each step deactivates as many old instances as it activates (rules §2.6)."""
    assert pace(8, strategy=strategy).first_share == (0.25, 0.25)


@pytest.mark.parametrize("strategy", ["all-at-once", "redeploy"])
def test_a_whole_fleet_gets_everything(strategy: str) -> None:
    assert pace(3, strategy=strategy).first_share == (1, 1)


def test_a_small_fleets_canary_is_said_as_it_is() -> None:
    """10 % of 3 is a third of the traffic, not a tenth (rules §8.16)."""
    asked = policy(strategy="canary")
    assert explain_step(asked, pace(3, strategy="canary")) == (
        "10 % of 3 instances becomes a canary of 1 instance of 3: about 25–33 % of traffic.",
    )


def test_a_percentage_that_comes_out_whole_needs_no_words() -> None:
    asked: dict[str, Any] = {"strategy": "rolling", "rolling": {"batch_percent": 25}}
    assert explain_step(policy(**asked), pace(8, **asked)) == ()


def test_the_guides_table_is_not_a_percentage_that_anyone_asked_for() -> None:
    assert explain_step(policy(), pace(3)) == ()


@pytest.mark.parametrize(
    ("strategy", "seconds"),
    [("rolling", 301), ("canary", 302), ("linear", 303), ("all-at-once", 304), ("redeploy", 0)],
)
def test_the_bake_that_alarms_guard_is_the_strategys_own(strategy: str, seconds: int) -> None:
    """All-at-once is observed in its termination wait: WaitInterval has no step there (rules §8.15)."""
    made = pace(
        4,
        strategy=strategy,
        rolling={"bake_seconds": 301},
        canary={"bake_seconds": 302},
        linear={"bake_seconds": 303},
        termination_wait_seconds=304,
    )
    assert made.guarded_seconds == seconds
