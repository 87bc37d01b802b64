"""Whether the alarms of an update exist, aren't red, get data, and may be read."""

from __future__ import annotations

import pytest
from tests.support.cases import case
from tests.support.samples import plan

from switchover.domain.checks.alarms import check_data, check_listed, check_permission, check_quiet
from switchover.domain.fleet import AlarmReading, AlarmState
from switchover.domain.plans.plan import Kind
from switchover.domain.preflight import CheckState
from switchover.domain.readings import Permission, Unmeasured
from switchover.domain.update.request import Request

RED = AlarmReading(name="errors", state=AlarmState.ALARM, reason="Threshold crossed")
OK = AlarmReading(name="errors", state=AlarmState.OK)
SILENT = AlarmReading(name="errors", state=AlarmState.INSUFFICIENT_DATA)
MISSING = AlarmReading(name="errors", state=AlarmState.MISSING)
LISTED = {"alarms": {"also": ["errors"]}}
HOTFIX = {"request": Request(release="s3://m/r/release.json", hotfix=True, reason="v1 crashes")}


def test_a_red_alarm_is_told_with_cloudwatchs_own_reason_and_both_ways_out() -> None:
    [reason] = check_quiet(case(alarms=(RED,))).reasons
    assert (reason.code, reason.subject) == ("alarm.already-red", "alarm errors")
    assert "Threshold crossed" in reason.message
    assert "hotfix" in reason.remedy


def test_a_hotfix_notes_the_red_alarm_and_why_it_is_left_out() -> None:
    check = check_quiet(case(asked=HOTFIX, alarms=(RED,)))
    assert check.state is CheckState.NOTED
    assert "errors; v1 crashes" in check.evidence


def test_a_rollback_notes_the_red_alarm() -> None:
    """The fleet that fails now must not stop its own replacement."""
    check = check_quiet(case(asked={"kind": Kind.ROLLBACK}, alarms=(RED,)))
    assert (check.state, check.reasons) == (CheckState.NOTED, ())


@pytest.mark.parametrize("alarm", [OK, SILENT])
def test_a_quiet_alarm_passes_with_its_state(alarm: AlarmReading) -> None:
    check = check_quiet(case(alarms=(alarm,)))
    assert check.state is CheckState.PASSED
    assert f"errors {alarm.state.value}" in check.evidence


def test_a_listed_alarm_that_does_not_exist_is_refused() -> None:
    """What SageMaker does with one is unknown (rules §2.7)."""
    [reason] = check_listed(case(wishes=LISTED, alarms=(MISSING,))).reasons
    assert (reason.code, reason.subject) == ("alarm.missing", "alarm errors")


def test_a_standing_alarm_may_be_missing_before_the_first_update() -> None:
    assert check_listed(case(alarms=(MISSING,))).reasons == ()
    assert "created by this update" in check_data(case(alarms=(MISSING,))).evidence


def test_alarms_without_data_say_so() -> None:
    check = check_data(case(alarms=(SILENT,)))
    assert check.state is CheckState.NOTED
    assert "INSUFFICIENT_DATA" in check.evidence


def test_a_role_that_may_not_describe_the_alarms_is_named() -> None:
    denied = Permission(role="SageMakerModel", denied=("errors", "queue"))
    [reason] = check_permission(case(permission=denied, planned=plan())).reasons
    assert (reason.code, reason.subject) == ("alarm.not-readable", "role SageMakerModel")
    assert "errors and 1 more" in reason.message


def test_a_redeploy_gives_sagemaker_no_alarm_that_a_role_must_read() -> None:
    planned = plan(strategy="redeploy", allow_downtime=True)
    denied = Permission(role="SageMakerModel", denied=("errors",))
    assert check_permission(case(permission=denied, planned=planned)).state is CheckState.NOTED


def test_a_permission_that_cannot_be_simulated_is_neither_good_nor_bad() -> None:
    check = check_permission(case(permission=Unmeasured("AccessDenied")))
    assert (check.state, check.evidence) == (CheckState.UNKNOWN, "AccessDenied")
