"""Alarms go red within the bake that they guard, or are refused (rules §4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.samples import policy

from switchover.domain.plans.detection import (
    detection_seconds,
    explain_alarms,
    fit_alarms,
    publish_seconds,
    settle_alarms,
)
from switchover.domain.plans.pace import Pace, resolve_pace
from switchover.domain.policies.sections import Alarms
from switchover.domain.reasons import Reason

PERIOD = frozenset({"alarms.period_seconds"})
COUNT = frozenset({"alarms.evaluation_periods"})


def pace(bake_seconds: int = 300, **values: Any) -> Pace:
    made = resolve_pace(policy(rolling={"bake_seconds": bake_seconds}, **values), 4, 4)
    assert isinstance(made, Pace)
    return made


def settled(
    bake: int, *, published: int = 60, chosen: frozenset[str] = frozenset(), **alarms: Any
) -> tuple[int, int] | str:
    found = settle_alarms(Alarms(**alarms), pace(bake), published, chosen)
    if isinstance(found, Reason):
        return found.code
    return (found.period_seconds, found.evaluation_periods)


def test_detection_counts_every_period_and_cloudwatchs_own_delay() -> None:
    """Period × EvaluationPeriods + 60–120 s (rules §4)."""
    assert detection_seconds(60, 2) == 240


@pytest.mark.parametrize(
    ("bake", "alarms", "used"),
    [
        (241, {}, (60, 2)),
        (240, {}, (60, 1)),
        (600, {"period_seconds": 300}, (180, 2)),
        (720, {"period_seconds": 300}, (240, 2)),
        (600, {"period_seconds": 60, "evaluation_periods": 9}, (60, 7)),
    ],
)
def test_the_slowest_alarm_that_fits_is_taken(
    bake: int, alarms: dict[str, Any], used: tuple[int, int]
) -> None:
    assert settled(bake, **alarms) == used


def test_an_alarm_that_takes_exactly_the_bake_is_too_slow() -> None:
    both = PERIOD | COUNT
    assert settled(240, chosen=both) == "alarms.slower-than-bake"
    assert settled(241, chosen=both) == (60, 2)


def test_what_people_chose_is_kept_and_the_rest_adapted() -> None:
    assert settled(700, chosen=PERIOD, period_seconds=300) == (300, 1)
    assert settled(700, chosen=COUNT, period_seconds=300) == (240, 2)


def test_no_alarm_is_fast_enough_for_a_very_short_bake() -> None:
    """Metrics come once a minute, so that a period of 10 s would be empty (rules §4)."""
    assert settled(150) == "alarms.slower-than-bake"


def test_enhanced_metrics_allow_a_shorter_period() -> None:
    assert settled(171, published=10) == (20, 2)


def test_a_period_shorter_than_the_metrics_is_refused_if_somebody_chose_it() -> None:
    assert settled(300, chosen=PERIOD, period_seconds=30) == "alarms.faster-than-metrics"


def test_rare_metrics_lengthen_a_period_that_nobody_chose() -> None:
    assert settled(600, published=180) == (180, 2)


def test_a_redeploy_has_no_bake_to_fit() -> None:
    whole = pace(strategy="redeploy")
    assert settle_alarms(Alarms(), whole, 60, frozenset()) == Alarms()


def test_a_refusal_names_numbers_that_would_fit() -> None:
    both = PERIOD | COUNT
    slow = Alarms(period_seconds=300, evaluation_periods=2)
    found = settle_alarms(slow, pace(300), 60, both)
    assert isinstance(found, Reason)
    assert found.remedy == "Bake 721 s or longer, or shorten the alarms: look at 2 × 60 s."


def test_a_final_bake_that_no_alarm_can_guard_is_said() -> None:
    """Only full traffic shows some faults; the canary's bake guards the rest."""
    made = pace(strategy="canary", termination_wait_seconds=120)
    assert (
        "final bake of 120 s is shorter than the 240 s"
        in explain_alarms(Alarms(), Alarms(), made)[0]
    )


@given(
    period=st.sampled_from([10, 20, 30, 60, 120, 300]),
    count=st.integers(1, 20),
    bake=st.integers(0, 3600),
    published=st.sampled_from([10, 30, 60, 120, 300]),
    chosen=st.sampled_from([frozenset(), PERIOD, COUNT, PERIOD | COUNT]),
)
def test_a_fitted_alarm_fits_and_keeps_what_was_chosen(
    period: int, count: int, bake: int, published: int, chosen: frozenset[str]
) -> None:
    asked = Alarms(period_seconds=period, evaluation_periods=count)
    found = fit_alarms(asked, bake, published, chosen)
    assume(found is not None)
    assert Alarms.model_validate(found.model_dump()) == found
    assert detection_seconds(found.period_seconds, found.evaluation_periods) < bake
    kept = {"alarms.period_seconds": found.period_seconds == period}
    kept["alarms.evaluation_periods"] = found.evaluation_periods == count
    assert all(kept[key] for key in chosen)
    assert found.period_seconds >= published or PERIOD.issubset(chosen)


@pytest.mark.parametrize(
    ("metrics", "seconds"),
    [
        (None, 60),
        ({"MetricPublishFrequencyInSeconds": 10}, 60),
        ({"EnableEnhancedMetrics": True}, 60),
        ({"EnableEnhancedMetrics": True, "MetricPublishFrequencyInSeconds": 10}, 10),
    ],
)
def test_only_enhanced_metrics_move_the_invocation_metrics(
    metrics: dict[str, Any] | None, seconds: int
) -> None:
    """API reference, MetricsConfig."""
    assert publish_seconds({"MetricsConfig": metrics} if metrics else {}) == seconds
