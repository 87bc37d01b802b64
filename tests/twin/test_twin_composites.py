"""Composite alarms follow the metric alarms that they watch."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.staging import Staging, canary

from switchover_local.twin.cloudwatch.alarm_rules import StateValue
from switchover_local.twin.cloudwatch.composite_rules import parse_rule
from switchover_local.twin.scenario import Scenario, Switches
from switchover_local.twin.wire.refusals import Refusal

STATES = {"red": StateValue.ALARM, "green": StateValue.OK, "a b": StateValue.INSUFFICIENT_DATA}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(red)", True),
        ('ALARM("red")', True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:000000000000:alarm:red)", True),
        ("ALARM(green)", False),
        ("OK(green) AND ALARM(red)", True),
        ("OK(red) OR NOT OK(red)", True),
        ('INSUFFICIENT_DATA("a b")', True),
        ("NOT ALARM(red) AND FALSE", False),
        ("TRUE OR TRUE AND FALSE", True),
        ("(TRUE OR TRUE) AND FALSE", False),
        ("ALARM(nobody)", False),
    ],
)
def test_a_rule_holds_as_its_alarms_stand(rule: str, *, holds: bool) -> None:
    assert parse_rule(rule).holds(STATES.get) is holds


@pytest.mark.parametrize("rule", ["", "ALARM(red", "ALARM red", "RED(red)", "TRUE TRUE", "NOT"])
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(Refusal, match="AlarmRule"):
        parse_rule(rule)


def _guarded(scenario: Scenario | None = None) -> Staging:
    staging = Staging(scenario).begin()
    staging.put_alarm()
    staging.set_alarm("OK")
    staging.cloudwatch.put_composite_alarm(
        AlarmName="whole", AlarmRule="ALARM(guard)", AlarmDescription="all of it"
    )
    return staging


def _composite(staging: Staging) -> dict[str, Any]:
    answer = staging.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])
    (described,) = answer["CompositeAlarms"]
    assert answer["MetricAlarms"] == []
    return dict(described)


def test_a_composite_moves_at_the_instant_its_alarm_does() -> None:
    staging = _guarded()
    before = _composite(staging)["StateValue"]

    staging.set_alarm("ALARM")

    described = _composite(staging)
    assert (before, described["StateValue"]) == ("OK", "ALARM")
    assert described["AlarmRule"] == "ALARM(guard)"
    assert described["StateUpdatedTimestamp"] == staging.clock.now()
    assert "alarm:guard transitioned to ALARM" in described["StateReason"]


def test_a_composite_shows_only_to_who_asks_for_its_type() -> None:
    staging = _guarded()
    staging.set_alarm("ALARM")

    alarms = staging.cloudwatch.describe_alarms()
    history = staging.cloudwatch.describe_alarm_history(AlarmName="whole")
    own = staging.cloudwatch.describe_alarm_history(
        AlarmName="whole", AlarmTypes=["CompositeAlarm"]
    )

    assert alarms["CompositeAlarms"] == []
    assert history["AlarmHistoryItems"] == []
    assert [item["HistorySummary"] for item in own["AlarmHistoryItems"]] == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]


def test_its_event_tells_the_rule_and_comes_after_its_alarms() -> None:
    staging = _guarded()

    staging.set_alarm("ALARM")

    first, second = staging.events[-2:]
    assert first["detail"]["alarmName"] == "guard"
    assert second["detail"]["configuration"] == {
        "alarmRule": "ALARM(guard)",
        "description": "all of it",
    }
    (trigger,) = json.loads(second["detail"]["state"]["reasonData"])["triggeringAlarms"]
    assert trigger["state"]["value"] == "ALARM"


def test_a_composite_of_an_alarm_that_is_not_there_is_refused() -> None:
    staging = Staging()

    with pytest.raises(ClientError, match=r"ValidationError.*nobody"):
        staging.cloudwatch.put_composite_alarm(AlarmName="whole", AlarmRule="ALARM(nobody)")


def test_metric_and_composite_alarms_share_their_names() -> None:
    staging = _guarded()

    with pytest.raises(ClientError, match="another type"):
        staging.put_alarm("whole")
    with pytest.raises(ClientError, match="another type"):
        staging.cloudwatch.put_composite_alarm(AlarmName="guard", AlarmRule="TRUE")


def test_a_composite_is_deleted_in_a_call_of_its_own() -> None:
    staging = _guarded()
    with pytest.raises(ClientError, match="of its own"):
        staging.cloudwatch.delete_alarms(AlarmNames=["whole", "guard"])

    staging.cloudwatch.delete_alarms(AlarmNames=["whole"])

    answer = staging.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm", "MetricAlarm"])
    assert answer["CompositeAlarms"] == []
    assert len(answer["MetricAlarms"]) == 1


def test_a_composite_set_by_hand_stays_until_its_alarm_moves() -> None:
    staging = _guarded()

    staging.set_alarm("ALARM", "whole")
    by_hand = _composite(staging)["StateValue"]
    staging.set_alarm("INSUFFICIENT_DATA")

    assert (by_hand, _composite(staging)["StateValue"]) == ("ALARM", "OK")


@pytest.mark.parametrize(("position", "serves"), [("ignored", "v2"), ("watched", "v1")])
def test_whether_a_composite_ends_a_bake_is_a_switch(position: str, serves: str) -> None:
    switches = Switches.model_validate({"composite_alarms": position})
    staging = _guarded(Scenario(switches=switches))
    staging.update(canary(alarms=("whole",)))
    staging.clock.advance(500)

    staging.set_alarm("ALARM")
    staging.settle()

    assert staging.twin.serving_config("demo") == f"config-{serves}"


def test_a_composite_that_follows_an_alarm_set_by_hand_may_be_ignored_too() -> None:
    switches = Switches(composite_alarms="watched", set_alarm_state_trips=False)
    staging = _guarded(Scenario(switches=switches))
    staging.update(canary(alarms=("whole",)))
    staging.clock.advance(500)

    staging.set_alarm("ALARM")
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


def test_a_composite_may_be_refused_at_once() -> None:
    staging = _guarded(Scenario(switches=Switches(composite_alarms="refused")))

    with pytest.raises(ClientError, match=r"ValidationException.*whole"):
        staging.update(canary(alarms=("whole",)))

    assert staging.describe()["EndpointStatus"] == "InService"
