"""Alarms are on metrics, units and dimensions that exist (rules §4, §8)."""

from __future__ import annotations

import pytest
from tests.support.samples import ENDPOINT, NEW

from switchover.domain.plans.alarms import AlarmSpec, Scope, standing_alarms, update_alarms
from switchover.domain.policies.sections import Alarms

POLICY = Alarms.model_validate({"latency": {"limit_seconds": 5}, "error_rate": 0.05})
STANDING = standing_alarms(POLICY, ENDPOINT, "main")
UPDATE = update_alarms(POLICY, ENDPOINT, "main", NEW)


def one(alarms: tuple[AlarmSpec, ...], metric: str) -> AlarmSpec:
    [found] = [alarm for alarm in alarms if alarm.metric == metric]
    return found


@pytest.mark.parametrize("alarms", [STANDING, UPDATE])
def test_latency_is_bound_in_microseconds(alarms: tuple[AlarmSpec, ...]) -> None:
    """The guide's 5000 is 5 ms, which any VLM exceeds (rules §8.2)."""
    assert one(alarms, "ModelLatency").threshold == 5_000_000


@pytest.mark.parametrize("alarms", [STANDING, UPDATE])
def test_an_error_alarm_measures_the_rate_of_errors(alarms: tuple[AlarmSpec, ...]) -> None:
    """The guide's was on ModelLatency, or on InvocationErrors, which doesn't exist (rules §8.3–4)."""
    alarm = one(alarms, "Invocation5XXErrors")
    assert (alarm.statistic, alarm.threshold) == ("Average", 0.05)


def test_errors_inside_the_container_are_seen_on_the_new_fleet() -> None:
    assert one(UPDATE, "InvocationModelErrors").threshold == 0.05


def test_an_updates_alarms_see_the_new_fleet_alone() -> None:
    """Old trouble must not abort a hotfix, nor good old traffic hide a bad canary (rules §8.7)."""
    guarding = [alarm for alarm in UPDATE if alarm.scope is Scope.UPDATE]
    assert {alarm.dimensions["EndpointConfigName"] for alarm in guarding} == {NEW}
    assert len(guarding) == 3


def test_standing_alarms_see_both_fleets() -> None:
    dimensions = {"EndpointName": ENDPOINT, "VariantName": "main"}
    assert [alarm.dimensions for alarm in STANDING] == [dimensions, dimensions]


@pytest.mark.parametrize("alarm", [a for a in (*STANDING, *UPDATE) if a.scope is not Scope.ABORT])
def test_silence_is_not_breaching(alarm: AlarmSpec) -> None:
    """The default, `missing`, would be INSUFFICIENT_DATA for ever on a quiet endpoint (§8.6)."""
    assert alarm.treat_missing == "notBreaching"


def test_the_abort_alarm_keeps_the_state_it_is_given() -> None:
    [abort] = [alarm for alarm in UPDATE if alarm.scope is Scope.ABORT]
    assert (abort.namespace, abort.treat_missing) == ("Switchover", "ignore")


def test_alarm_names_differ_between_endpoints_and_updates() -> None:
    """Names are per region: two endpoints overwrote each other's (rules §8.26)."""
    names = [
        alarm.name
        for alarms in (
            STANDING,
            standing_alarms(POLICY, "other", "main"),
            UPDATE,
            update_alarms(POLICY, ENDPOINT, "main", "chat-v3"),
        )
        for alarm in alarms
    ]
    assert len(set(names)) == len(names)


def test_timing_follows_the_policy() -> None:
    policy = Alarms.model_validate({"period_seconds": 30, "evaluation_periods": 3})
    alarm = one(update_alarms(policy, ENDPOINT, "main", NEW), "ModelLatency")
    assert (alarm.period_seconds, alarm.evaluation_periods) == (30, 3)


def test_the_chosen_statistic_is_used() -> None:
    policy = Alarms.model_validate({"latency": {"limit_seconds": 2, "statistic": "p99"}})
    alarm = one(update_alarms(policy, ENDPOINT, "main", NEW), "ModelLatency")
    assert (alarm.statistic, alarm.threshold) == ("p99", 2_000_000)


def test_a_small_rate_can_be_read_in_the_description() -> None:
    policy = Alarms.model_validate({"error_rate": 0.004})
    [alarm] = [a for a in standing_alarms(policy, "e", "v") if a.metric == "Invocation5XXErrors"]
    assert "0.4 %" in alarm.description
