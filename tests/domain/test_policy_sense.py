"""A contradiction in a policy is refused before any call to AWS; a key without effect is a warning."""

from __future__ import annotations

import pytest

from switchover.domain.plans.policy_sense import find_contradictions, find_idle_keys
from switchover.domain.policies.layers import EffectivePolicy, Layer, merge_policy, parse_policy


def effective(text: str, *over: Layer) -> EffectivePolicy:
    merged = merge_policy((parse_policy(text.encode(), "chat.yaml"), *over))
    assert isinstance(merged, EffectivePolicy), merged
    return merged


def refusals(text: str) -> list[tuple[str, str]]:
    return [(found.code, found.subject) for found in find_contradictions(effective(text))]


def idle(text: str, *over: Layer) -> list[str]:
    return [found.subject for found in find_idle_keys(effective(text, *over))]


@pytest.mark.parametrize("tier", ["production", "critical", "development"])
def test_a_tier_alone_makes_sense(tier: str) -> None:
    assert refusals(f"tier: {tier}") == []
    assert idle(f"tier: {tier}") == []


def test_redeploy_without_downtime_is_refused() -> None:
    assert refusals("strategy: redeploy") == [
        ("strategy.downtime-not-allowed", "chat.yaml line 1: strategy")
    ]


def test_redeploy_has_no_fleet_to_scale_up() -> None:
    assert refusals("tier: development\ncapacity: {during: {min: 2, max: 4}}") == [
        ("capacity.pointless", "chat.yaml line 2: capacity.during")
    ]


def test_alarms_that_somebody_made_too_slow_for_the_bake_are_refused() -> None:
    assert refusals("rolling: {bake_seconds: 4m}\nalarms: {evaluation_periods: 2}") == [
        ("alarms.slower-than-bake", "chat.yaml line 2: alarms")
    ]


def test_alarms_that_the_plan_can_still_adapt_are_not_refused() -> None:
    assert refusals("rolling: {bake_seconds: 4m}") == []


def test_a_bake_that_no_alarm_fits_is_refused_where_it_is_written() -> None:
    """One period of a minute and two minutes of delay (rules §4, timing rule)."""
    assert refusals("\nrolling:\n  bake_seconds: 180\n") == [
        ("alarms.slower-than-bake", "chat.yaml line 3: alarms")
    ]


def test_the_bake_of_another_strategy_is_not_held_against_the_alarms() -> None:
    assert refusals("{strategy: canary, rolling: {bake_seconds: 10}}") == []


def test_a_deadline_shorter_than_the_waits_alone_is_refused() -> None:
    assert refusals("strategy: canary\ndeadline_seconds: 10m\n") == [
        ("timing.deadline-too-short", "chat.yaml line 2: deadline_seconds")
    ]


def test_a_high_resolution_period_is_left_to_the_plan_that_sees_the_config() -> None:
    assert refusals("alarms: {period_seconds: 30}") == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("strategy: canary\nrolling: {bake_seconds: 5m}", "rolling.bake_seconds"),
        ("strategy: rolling\nlinear: {step_percent: 50}", "linear.step_percent"),
        ("strategy: all-at-once\ncanary: {percent: 5}", "canary.percent"),
        ("strategy: rolling\ntermination_wait_seconds: 5m", "termination_wait_seconds"),
        ("tier: critical\ntests: {latency_seconds: 5}", "tests.latency_seconds"),
    ],
)
def test_a_key_that_does_nothing_is_warned_of_with_its_line(text: str, key: str) -> None:
    assert idle(text) == [f"chat.yaml line 2: {key}"]


@pytest.mark.parametrize(
    "text",
    [
        "strategy: canary\ncanary: {percent: 5}\ntermination_wait_seconds: 5m",
        "strategy: all-at-once\ntermination_wait_seconds: 5m",
        "tests: {golden: chat.jsonl, latency_seconds: 5}",
    ],
)
def test_a_key_that_does_something_is_not_warned_of(text: str) -> None:
    assert idle(text) == []


def test_what_a_release_overrides_away_is_idle() -> None:
    release = Layer("release.json policy", {"strategy": "canary"})
    assert idle("rolling: {bake_seconds: 5m}", release) == [
        "chat.yaml line 1: rolling.bake_seconds"
    ]
