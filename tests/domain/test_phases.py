"""The sequences of rules §2.6, phase by phase."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.samples import policy

from switchover.domain.plans.pace import Pace, resolve_pace
from switchover.domain.plans.timeline import (
    duration_seconds,
    extra_instance_seconds,
    peak_instances,
    phases_of,
    rollback_peak_instances,
)

READY = 900
BAKES: dict[str, Any] = {
    "rolling": {"bake_seconds": 400},
    "canary": {"bake_seconds": 500},
    "linear": {"bake_seconds": 600},
    "termination_wait_seconds": 200,
}


def pace(strategy: str, instances: int = 8, old: int | None = None, **values: Any) -> Pace:
    asked = policy(strategy=strategy, **{**BAKES, **values})
    made = resolve_pace(asked, instances, old or instances)
    assert isinstance(made, Pace)
    return made


def story(made: Pace) -> list[tuple[str, int, int, int, float]]:
    return [
        (p.name.value, p.seconds, p.old_instances, p.new_instances, p.new_share)
        for p in phases_of(made, READY)
    ]


def test_all_at_once_bakes_beside_the_old_fleet() -> None:
    assert story(pace("all-at-once", 2)) == [
        ("launching", 900, 2, 2, 0),
        ("activating", 10, 2, 2, 0),
        ("baking", 200, 2, 2, 1),
        ("terminating", 30, 2, 2, 1),
    ]


def test_a_canary_bakes_alone_and_then_with_everything() -> None:
    assert story(pace("canary", 4)) == [
        ("launching", 900, 4, 4, 0),
        ("activating", 10, 4, 4, 0),
        ("baking", 500, 4, 4, 0.2),
        ("activating", 10, 4, 4, 0.2),
        ("baking", 200, 4, 4, 1),
        ("terminating", 30, 4, 4, 1),
    ]


def test_a_linear_update_bakes_each_step_and_everything_in_the_end() -> None:
    baking = [phase for phase in story(pace("linear", 4)) if phase[0] == "baking"]
    assert [(seconds, share) for _, seconds, _, _, share in baking] == [
        (600, 0.25),
        (600, 0.5),
        (600, 0.75),
        (200, 1),
    ]


def test_a_rolling_update_replaces_batch_after_batch() -> None:
    assert story(pace("rolling", 2)) == [
        ("launching", 900, 2, 1, 0),
        ("activating", 10, 2, 1, 0),
        ("baking", 400, 2, 1, 0.5),
        ("terminating", 30, 2, 1, 0.5),
        ("launching", 900, 1, 2, 0.5),
        ("activating", 10, 1, 2, 0.5),
        ("baking", 400, 1, 2, 1),
        ("terminating", 30, 1, 2, 1),
    ]


def test_a_redeploy_has_a_time_in_which_nothing_serves() -> None:
    assert story(pace("redeploy", 2)) == [
        ("terminating", 38, 2, 0, 0),
        ("launching", 900, 0, 2, 0),
    ]


def test_a_rolling_update_to_a_larger_fleet_runs_out_of_old_instances_first() -> None:
    """The capacity isn't retained: 2 instances become 4, and there are but 2 to terminate."""
    names = [name for name, *_ in story(pace("rolling", 4, old=2, rolling={"batch_percent": 25}))]
    assert names.count("launching") == 4
    assert names.count("terminating") == 2


@pytest.mark.parametrize(
    ("strategy", "peak"),
    [("rolling", 10), ("canary", 16), ("linear", 16), ("all-at-once", 16), ("redeploy", 8)],
)
def test_only_rolling_and_redeploy_spare_a_second_fleet(strategy: str, peak: int) -> None:
    """Blue/green provisions all green capacity before any shift (rules §2.6)."""
    assert peak_instances(phases_of(pace(strategy), READY)) == peak


@pytest.mark.parametrize(
    ("strategy", "seconds"),
    [
        ("rolling", 4 * (READY + 10 + 400 + 30)),
        ("canary", READY + 10 + 500 + 10 + 200 + 30),
        ("linear", READY + 4 * 10 + 3 * 600 + 200 + 30),
        ("all-at-once", READY + 10 + 200 + 30),
        ("redeploy", 38 + READY),
    ],
)
def test_each_strategy_takes_its_own_time(strategy: str, seconds: int) -> None:
    """A rolling batch provisions each time; blue/green provisions once (rules §2.6)."""
    assert duration_seconds(phases_of(pace(strategy), READY)) == seconds


def test_extra_instances_are_those_above_the_usual_fleet() -> None:
    assert extra_instance_seconds(phases_of(pace("all-at-once", 2), READY), 2) == 1140 * 2


def test_a_redeploy_takes_nothing_extra() -> None:
    assert extra_instance_seconds(phases_of(pace("redeploy", 2), READY), 2) == 0


def test_a_rolling_rollback_stands_beside_what_it_replaces() -> None:
    """The last batch of 2 has come; 6 old instances return while 8 new ones stand (rules §8.19)."""
    made = pace("rolling", 8)
    assert rollback_peak_instances(made, phases_of(made, READY)) == 8 + 2 + 6


def test_a_small_rollback_batch_keeps_the_peak_low() -> None:
    rolling = {"rollback_batch_percent": 25, "bake_seconds": 400}
    made = pace("rolling", 8, rolling=rolling)
    assert rollback_peak_instances(made, phases_of(made, READY)) == 8 + 2 + 2


def test_a_blue_green_rollback_takes_nothing_more() -> None:
    made = pace("canary", 8)
    assert rollback_peak_instances(made, phases_of(made, READY)) == 16
