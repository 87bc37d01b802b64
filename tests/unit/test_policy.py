"""Policies are layered, checked whole, and refused with file, field, value and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchover.domain.policy import (
    EffectivePolicy,
    Layer,
    Policy,
    Strategy,
    merge_policy,
    parse_policy,
)

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason

FILE = "s3://models/policies/chat.yaml"


def read(text: str) -> Layer:
    layer = parse_policy(text.encode(), FILE)
    assert isinstance(layer, Layer), layer
    return layer


def merge(*layers: Layer) -> EffectivePolicy:
    merged = merge_policy(layers)
    assert isinstance(merged, EffectivePolicy), merged
    return merged


def faults(*layers: Layer) -> list[str]:
    merged = merge_policy(layers)
    assert isinstance(merged, tuple)
    return [str(reason) for reason in merged]


def refusal(raw: bytes) -> Reason:
    refused = parse_policy(raw, FILE)
    assert isinstance(refused, tuple)
    return refused[0]


def test_the_defaults_are_the_guides_numbers() -> None:
    """Rolling 300 s and full rollback batch; canary 10 % 600 s; linear 25 % 300 s; the rest 300 s."""
    policy = Policy()
    assert (policy.rolling.bake_seconds, policy.rolling.rollback_batch_percent) == (300, 100)
    assert (policy.canary.percent, policy.canary.bake_seconds) == (10, 600)
    assert (policy.linear.step_percent, policy.linear.bake_seconds) == (25, 300)
    assert policy.termination_wait_seconds == 300


def test_capacity_is_retained_unless_somebody_says_otherwise() -> None:
    """SageMaker's own default resets an autoscaled fleet (rules §7.6)."""
    assert Policy().retain_capacity is True


@pytest.mark.parametrize(
    ("tier", "strategy"),
    [
        ("production", Strategy.ROLLING),
        ("critical", Strategy.CANARY),
        ("development", Strategy.REDEPLOY),
    ],
)
def test_the_tier_picks_the_strategy(tier: str, strategy: Strategy) -> None:
    assert merge(read(f"tier: {tier}")).policy.strategy is strategy


def test_a_strategy_that_is_named_wins_over_the_tier() -> None:
    assert merge(read("{tier: critical, strategy: linear}")).policy.strategy is Strategy.LINEAR


def test_the_development_tier_agrees_to_downtime() -> None:
    assert merge(read("tier: development")).policy.allow_downtime is True


def test_the_development_tier_can_still_forbid_downtime() -> None:
    assert merge(read("{tier: development, allow_downtime: false}")).policy.allow_downtime is False


def test_redeploy_by_name_does_not_agree_to_downtime() -> None:
    assert merge(read("strategy: redeploy")).policy.allow_downtime is False


def test_later_layers_override_key_by_key() -> None:
    effective = merge(
        read("{strategy: canary, canary: {percent: 20, bake_seconds: 900}}"),
        Layer("release.json policy", {"canary": {"bake_seconds": 1200}}),
        Layer("input policy", {"watch_seconds": 600}),
    )
    assert effective.policy.canary.percent == 20
    assert effective.policy.canary.bake_seconds == 1200
    assert effective.policy.watch_seconds == 600


def test_each_value_remembers_where_it_came_from() -> None:
    effective = merge(
        read("{strategy: canary, canary: {percent: 20}}"),
        Layer("input policy", {"canary": {"percent": 30}}),
    )
    assert effective.origins["strategy"] == FILE
    assert effective.origins["canary.percent"] == "input policy"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90", 90), ('"90s"', 90), ("5m", 300), ("1h", 3600), ("1.5m", 90), ('" 2 m "', 120)],
)
def test_durations_are_written_as_people_write_them(written: str, seconds: int) -> None:
    effective = merge(read(f"rolling: {{bake_seconds: {written}}}"))
    assert effective.policy.rolling.bake_seconds == seconds


@pytest.mark.parametrize("written", ["5 minutes", "-5m", "m", "1d", "0.5s", "true"])
def test_what_is_no_duration_is_refused(written: str) -> None:
    [fault] = faults(read(f"rolling: {{bake_seconds: {written}}}"))
    assert fault.startswith(f"{FILE}: rolling.bake_seconds: ")


def test_a_latency_is_a_duration_too() -> None:
    assert merge(read("alarms: {latency: {limit_seconds: 2m}}")).policy.alarms.latency == (
        Policy.model_validate({"alarms": {"latency": {"limit_seconds": 120}}}).alarms.latency
    )


@pytest.mark.parametrize("raw", [b"", b"# nothing yet\n", b"---\n"])
def test_an_empty_file_is_the_defaults(raw: bytes) -> None:
    assert merge(read(raw.decode())).policy == Policy()


def test_an_unknown_key_is_told_with_the_nearest_known_one() -> None:
    assert faults(read("rolling: {bake_second: 300}")) == [
        f"{FILE}: rolling.bake_second: unknown key 'bake_second'. Did you mean 'bake_seconds'?"
    ]


def test_an_unknown_key_unlike_any_other_is_to_be_removed() -> None:
    assert faults(read("zzz: 1")) == [
        f"{FILE}: zzz: unknown key 'zzz'. Remove it, or correct its name."
    ]


@pytest.mark.parametrize(
    ("text", "field", "value", "what"),
    [
        ("rolling: {bake_seconds: 3601}", "rolling.bake_seconds", "3601", "less than or equal to 3600"),
        ("rolling: {batch_percent: 51}", "rolling.batch_percent", "51", "less than or equal to 50"),
        ("rolling: {batch_percent: 4}", "rolling.batch_percent", "4", "greater than or equal to 5"),
        ("canary: {percent: 51}", "canary.percent", "51", "less than or equal to 50"),
        ("canary: {percent: 0}", "canary.percent", "0", "greater than 0"),
        ("linear: {step_percent: 9}", "linear.step_percent", "9", "greater than or equal to 10"),
        ("deadline_seconds: 599", "deadline_seconds", "599", "greater than or equal to 600"),
        ("deadline_seconds: 28801", "deadline_seconds", "28801", "less than or equal to 28800"),
        ("termination_wait_seconds: 2h", "termination_wait_seconds", "7200", "less than or equal"),
        ("alarms: {error_rate: 5}", "alarms.error_rate", "5", "less than 1"),
        ("alarms: {period_seconds: 45}", "alarms", "45", "10, 20, 30 or a multiple of 60"),
        ("alarms: {also: [a,b,c,d,e,f,g]}", "alarms.also", "'g'", "at most 6 items"),
        ("strategy: fastest", "strategy", "'fastest'", "'rolling', 'canary', 'linear'"),
        ("tier: gold", "tier", "'gold'", "'production', 'critical' or 'development'"),
        ("capacity: {during: {min: 4, max: 2}}", "capacity.during", "'min': 4", "min is above max"),
        ("tests: {latency_seconds: 61}", "tests.latency_seconds", "61", "less than or equal to 60"),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds_is_told_with_file_field_value_and_bound(
    text: str, field: str, value: str, what: str
) -> None:
    [fault] = faults(read(text))
    assert fault.startswith(f"{FILE}: {field}: ")
    assert value in fault
    assert what in fault
    assert fault.endswith("Correct the value.")


def test_a_tier_of_the_wrong_kind_is_refused_like_any_value() -> None:
    [fault] = faults(read("tier: [critical]"))
    assert fault.startswith(f"{FILE}: tier: ['critical'] is not accepted")


def test_every_fault_is_told_at_once_with_its_own_file() -> None:
    told = faults(
        read("{strateg: canary, rolling: {bake_seconds: 9999}}"),
        Layer("release.json policy", {"canary": {"percent": 99}}),
        Layer("input policy", {"watch_seconds": -1}),
    )
    assert sorted(fault.split(": ")[0] for fault in told) == sorted(
        [FILE, FILE, "release.json policy", "input policy"]
    )


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"rolling: {bake_seconds: 1, bake_seconds: 2}", "the key 'bake_seconds' stands twice"),
        (b"tier: critical\ntier: production\n", "the key 'tier' stands twice"),
        (b"rolling: [", "is not YAML"),
        (b"a: b: c", "is not YAML"),
        (b"\tx: 1", "is not YAML"),
        (b"a: &a {b: *a}", "is not YAML"),
        (b"a: !!python/object:os.system {}", "is not YAML"),
        (b"\xfa", "is not YAML"),
        (b"deadline_seconds: 2020-13-45", "is not YAML"),
        (b"? [a]\n: b", "is not YAML"),
        (b"- tier: critical", "holds a list, not keys and values"),
        (b"critical", "holds a str, not keys and values"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_by_name(raw: bytes, words: str) -> None:
    reason = refusal(raw)
    assert reason.subject == FILE
    assert words in reason.message
    assert reason.remedy


def test_a_duplicate_key_is_told_with_its_line() -> None:
    assert "line 2" in refusal(b"tier: critical\ntier: production\n").message


@pytest.mark.parametrize("period", [10, 20, 30, 60, 120, 300])
def test_cloudwatchs_own_periods_are_taken(period: int) -> None:
    """Period 10/20/30 or n × 60 (rules §4)."""
    assert (
        merge(read(f"alarms: {{period_seconds: {period}}}")).policy.alarms.period_seconds == period
    )


def test_an_alarm_may_not_look_back_longer_than_cloudwatch_does() -> None:
    """Period × EvaluationPeriods ≤ 86,400 s where Period < 3600 (rules §4)."""
    [fault] = faults(read("alarms: {period_seconds: 3540, evaluation_periods: 100}"))
    assert "86" in fault


@pytest.mark.parametrize("statistic", ["Average", "Maximum", "p95", "p99.9"])
def test_latency_is_bound_by_statistics_that_exist(statistic: str) -> None:
    layer = read(f"alarms: {{latency: {{statistic: {statistic}}}}}")
    assert merge(layer).policy.alarms.latency.statistic == statistic


@pytest.mark.parametrize(
    "values", [{"capacity": {"during": {"min": 4}}}, {"alarms": {"also": [""]}}]
)
def test_a_fault_deep_inside_is_told_with_the_layer_that_set_it(values: dict[str, Any]) -> None:
    [fault] = faults(read("tier: critical"), Layer("input policy", values))
    assert fault.startswith("input policy: ")
