"""Policies are layered, checked whole, and refused with file, field, value and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchover.domain.policies.choices import Strategy
from switchover.domain.policies.layers import EffectivePolicy, Layer, merge_policy, parse_policy
from switchover.domain.policies.policy import Policy

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason

FILE = "s3://models/policies/chat.yaml"
LINE_1 = f"{FILE} line 1"


def read(text: str) -> Layer:
    return parse_policy(text.encode(), FILE)


def merge(*layers: Layer) -> EffectivePolicy:
    merged = merge_policy(layers)
    assert isinstance(merged, EffectivePolicy), merged
    return merged


def faults(*layers: Layer) -> list[str]:
    merged = merge_policy(layers)
    assert isinstance(merged, tuple)
    return [str(reason) for reason in merged]


def refusal(raw: bytes) -> Reason:
    return parse_policy(raw, FILE).faults[0]


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


def test_the_sources_that_set_something_are_known_in_their_order() -> None:
    effective = merge(
        read("strategy: canary\ntier: critical"),
        Layer("release.json policy", {}),
        Layer("input policy", {"watch_seconds": 600}),
    )
    assert effective.sources == (FILE, "input policy")


def test_each_value_remembers_where_it_came_from() -> None:
    effective = merge(
        read("{strategy: canary, canary: {percent: 20}}"),
        Layer("input policy", {"canary": {"percent": 30}}),
    )
    assert effective.origins["strategy"] == LINE_1
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
    assert fault.startswith(f"{LINE_1}: rolling.bake_seconds: ")


def test_a_latency_is_a_duration_too() -> None:
    assert merge(read("alarms: {latency: {limit_seconds: 2m}}")).policy.alarms.latency == (
        Policy.model_validate({"alarms": {"latency": {"limit_seconds": 120}}}).alarms.latency
    )


@pytest.mark.parametrize("raw", [b"", b"# nothing yet\n", b"---\n"])
def test_an_empty_file_is_the_defaults(raw: bytes) -> None:
    assert merge(read(raw.decode())).policy == Policy()


def test_an_unknown_key_is_told_with_the_nearest_known_one() -> None:
    assert faults(read("rolling: {bake_second: 300}")) == [
        f"{LINE_1}: rolling.bake_second: unknown key 'bake_second'. Did you mean 'bake_seconds'?"
    ]


def test_an_unknown_key_unlike_any_other_is_to_be_removed() -> None:
    assert faults(read("zzz: 1")) == [
        f"{LINE_1}: zzz: unknown key 'zzz'. Remove it, or correct its name."
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
        (
            f"alarms: {{also: [{','.join(f'a{n}' for n in range(51))}]}}",
            "alarms.also",
            "'a0'",
            "at most 50 items",
        ),
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
    assert fault.startswith(f"{LINE_1}: {field}: ")
    assert value in fault
    assert what in fault
    assert fault.endswith("Correct the value.")


def test_a_tier_of_the_wrong_kind_is_refused_like_any_value() -> None:
    [fault] = faults(read("tier: [critical]"))
    assert fault.startswith(f"{LINE_1}: tier: ['critical'] is not accepted")


def test_every_fault_is_told_at_once_with_its_own_file() -> None:
    told = faults(
        read("{strateg: canary, rolling: {bake_seconds: 9999}}"),
        Layer("release.json policy", {"canary": {"percent": 99}}),
        Layer("input policy", {"watch_seconds": -1}),
    )
    assert sorted(fault.split(": ")[0] for fault in told) == sorted(
        [LINE_1, LINE_1, "release.json policy", "input policy"]
    )


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"rolling: [", "is not YAML"),
        (b"a: b: c", "is not YAML"),
        (b"\tx: 1", "is not YAML"),
        (b"a: &a {b: *a}", "contains itself in line 1"),
        (b"a: !!python/object:os.system {}", "is not YAML"),
        (b"\xfa", "is not YAML"),
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


def test_a_duplicate_key_is_told_with_both_its_lines() -> None:
    [fault] = faults(read("tier: critical\n\ntier: production\n"))
    assert fault == (
        f"{FILE} line 3: tier: the key 'tier' occurs twice; the first is in line 1."
        " Delete one of them."
    )


def test_a_duplicate_key_does_not_hide_what_else_is_wrong() -> None:
    told = faults(read("rolling:\n  bake_seconds: 1\n  bake_seconds: 2\ncanary: {percent: 99}\n"))
    assert [fault.split(": ")[0:2] for fault in told] == [
        [f"{FILE} line 3", "rolling.bake_seconds"],
        [f"{FILE} line 4", "canary.percent"],
    ]


def test_a_fault_names_the_line_of_its_key() -> None:
    [fault] = faults(read("# first\ncanary:\n\n  percent: 99\n"))
    assert fault.startswith(f"{FILE} line 4: canary.percent: 99 ")


def test_a_key_missing_inside_a_block_names_the_blocks_line() -> None:
    [fault] = faults(read("\ncapacity:\n  during: {min: 4}\n"))
    assert fault.startswith(f"{FILE} line 3: capacity.during.max: is missing.")


def test_a_merged_block_is_laid_under_the_keys_that_stand_there() -> None:
    effective = merge(
        read("canary: &slow\n  bake_seconds: 900\nlinear:\n  <<: *slow\n  step_percent: 50\n")
    )
    assert (effective.policy.linear.bake_seconds, effective.policy.linear.step_percent) == (900, 50)


def test_aliases_cannot_blow_a_small_file_up() -> None:
    rows = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)]
    assert "more than 20000 values" in refusal(b"\n".join(rows)).message


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("rolling: {bake_seconds: 5 minutes}", "Write 5m."),
        ("rolling: {bake_seconds: 5min}", "Write 5m."),
        ("rolling: {bake_seconds: 90 Sec.}", "Write 90s."),
        ("rolling: {bake_seconds: 300ms}", "Write whole seconds, like 1s."),
        ("rolling: {bake_seconds: a while}", "Write it like 90s, 5m or 1h."),
        ("alarms: {latency: {limit_seconds: 300ms}}", "Write 0.3s."),
        ('canary: {percent: "10%"}', "Write 10: it takes a plain number."),
        ("alarms: {evaluation_periods: 3 times}", "Write 3: it takes a plain number."),
        ("alarms: {error_rate: 5%}", "Write 0.05."),
    ],
)
def test_a_wrong_unit_is_told_with_what_to_write(text: str, remedy: str) -> None:
    [fault] = faults(read(text))
    assert fault.endswith(f". {remedy}")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("strategy: rollling", "Did you mean 'rolling'?"),
        ("tier: CRITICAL", "Did you mean 'critical'?"),
        ("bake_seconds: 60", "'rolling.bake_seconds', 'canary.bake_seconds' or"),
        ("canary.percent: 20", "Nest it: `canary: {percent: …}`."),
        ("capacity: {during: {min: 1, max: 2, maxx: 3}}", "Did you mean 'max'?"),
        ("on: push", "unknown key 'on'."),
    ],
)
def test_a_wrong_word_is_told_with_the_right_one(text: str, remedy: str) -> None:
    [fault] = faults(read(text))
    assert remedy in fault


def test_a_time_of_day_is_text_whatever_yaml_1_1_makes_of_it() -> None:
    assert read("{a: 22:00, b: 2026-12-24, c: 8}").values == {
        "a": "22:00",
        "b": "2026-12-24",
        "c": 8,
    }


def test_what_the_tier_implies_says_so_and_is_nobodys_choice() -> None:
    effective = merge(read("tier: development"))
    assert effective.origins == {
        "tier": LINE_1,
        "strategy": "tier development",
        "allow_downtime": "tier development",
    }
    assert effective.chosen == {"tier"}


def test_what_a_person_wrote_is_his_choice_though_a_tier_would_set_it() -> None:
    assert merge(read("{tier: development, allow_downtime: false}")).chosen == {
        "tier",
        "allow_downtime",
    }


def test_without_a_tier_nothing_but_defaults_holds() -> None:
    assert merge(read("watch_seconds: 5m")).origins == {"watch_seconds": LINE_1}


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


def test_a_finding_that_does_not_exist_is_refused_with_the_nearest() -> None:
    [fault] = faults(read("model: {tolerate: [model.no-tokeniser]}"))
    assert "Did you mean 'model.no-tokenizer'?" in fault


@pytest.mark.parametrize(
    "code", ["model.pickle-weights", "model.checksum-differs", "model.remote-code"]
)
def test_what_is_no_finding_about_the_content_cannot_be_tolerated(code: str) -> None:
    """Whether the release is what was uploaded, or carries code, has no such switch."""
    [fault] = faults(read(f"model: {{tolerate: [{code}]}}"))
    assert "is not accepted" in fault
