"""Every key of a policy is shown in the file's form, with its origin and its meaning."""

from __future__ import annotations

from switchover.domain.policies.layers import EffectivePolicy, Layer, merge_policy, parse_policy
from switchover.domain.policies.policy import Policy
from switchover_cli.policies.settings import Setting, sections_opened, settings_of


def settings(text: str = "", *over: Layer) -> dict[str, Setting]:
    effective = merge_policy((parse_policy(text.encode(), "chat.yaml"), *over))
    assert isinstance(effective, EffectivePolicy), effective
    return {setting.key: setting for setting in settings_of(effective)}


def test_every_key_has_a_meaning() -> None:
    """Schemas, docs and `policy init` have no other source for it."""
    assert [key for key, setting in settings().items() if not setting.meaning.endswith(".")] == []


def test_sections_are_taken_apart_to_their_last_key() -> None:
    keys = list(settings())
    assert keys[:2] == ["tier", "strategy"]
    assert keys.index("alarms.latency.statistic") < keys.index("alarms.error_rate")
    assert "alarms" not in keys
    assert "$schema" not in keys


def test_values_are_written_as_the_file_takes_them() -> None:
    found = settings(
        "{watch_seconds: 90, deadline_seconds: 7200, canary: {percent: 12.5},"
        " capacity: {during: {min: 4, max: 8}}, alarms: {also: [mine]}, approval: {required: yes}}"
    )
    assert {key: found[key].value for key in found if not found[key].is_default} == {
        "watch_seconds": "90s",
        "deadline_seconds": "2h",
        "canary.percent": "12.5",
        "capacity.during": "{min: 4, max: 8}",
        "alarms.also": "[mine]",
        "approval.required": "true",
    }


def test_a_value_with_parts_is_written_whole_and_reads_back_the_same() -> None:
    written = settings("window: auto")["window"].value
    assert written == "{auto: true, hours: 4, timezone: UTC}"
    assert settings(f"window: {written}")["window"].value == written


def test_a_text_that_yaml_would_misread_is_quoted() -> None:
    assert settings('variant: "on"')["variant"].value == "'on'"


def test_each_origin_is_told() -> None:
    found = settings(
        "tier: critical\ncanary:\n  percent: 20\n", Layer("release", {"watch_seconds": 9})
    )
    assert {key: found[key].origin for key in found if found[key].origin != "default"} == {
        "tier": "chat.yaml line 1",
        "strategy": "tier critical",
        "canary.percent": "chat.yaml line 3",
        "watch_seconds": "release",
    }


def test_a_default_that_somebody_wrote_is_still_the_default() -> None:
    setting = settings("canary: {percent: 10}")["canary.percent"]
    assert setting.is_default
    assert setting.origin == "chat.yaml line 1"


def test_bounds_come_from_the_definition() -> None:
    found = settings()
    assert {
        key: found[key].bounds
        for key in ("rolling.batch_percent", "rolling.bake_seconds", "deadline_seconds", "tier")
    } == {
        "rolling.batch_percent": "5–50",
        "rolling.bake_seconds": "0s–1h",
        "deadline_seconds": "10m–8h",
        "tier": "production | critical | development",
    }
    assert found["alarms.error_rate"].bounds == "above 0 to below 1"


def test_defaults_are_the_policys_own() -> None:
    effective = EffectivePolicy(Policy(watch_seconds=60), {"watch_seconds": "x"})
    [watch] = [each for each in settings_of(effective) if each.key == "watch_seconds"]
    assert (watch.value, watch.default) == ("1m", "0s")


def test_headings_stand_once_and_above_what_they_hold() -> None:
    assert sections_opened("", "alarms.latency") == ("alarms", "alarms.latency")
    assert sections_opened("alarms.latency", "alarms") == ()
    assert sections_opened("alarms", "tests") == ("tests",)
    assert sections_opened("tests", "") == ()
