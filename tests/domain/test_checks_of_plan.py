"""Whether the plan fits: the strategy to the fleet, the duration to the limits, the peak to the quota."""

from __future__ import annotations

import pytest
from tests.support.cases import case
from tests.support.samples import amend_plan, plan, reason

from switchover.domain.checks.plan import check_quota, check_reaction, check_strategy, check_time
from switchover.domain.preflight import CheckState
from switchover.domain.readings import Unmeasured, Usage

PLAN = plan()  # 4 instances, rolling, at most 6 at once


def test_redeploy_without_leave_for_downtime_is_refused() -> None:
    [told] = check_strategy(case(wishes={"strategy": "redeploy"}, planned=PLAN)).reasons
    assert told.code == "strategy.downtime-not-allowed"
    assert "allow_downtime: true" in told.remedy


def test_redeploy_with_leave_passes() -> None:
    wishes = {"strategy": "redeploy", "allow_downtime": True}
    assert check_strategy(case(wishes=wishes, planned=PLAN)).state is CheckState.PASSED


def test_redeploy_has_no_fleet_to_raise() -> None:
    wishes = {
        "strategy": "redeploy",
        "allow_downtime": True,
        "capacity": {"during": {"min": 1, "max": 2}},
    }
    [told] = check_strategy(case(wishes=wishes, planned=PLAN)).reasons
    assert told.code == "capacity.pointless"


def test_each_refusal_of_the_plan_stands_under_one_check() -> None:
    refusals = (
        reason("strategy.fleet-too-small"),
        reason("timing.deadline-too-long"),
        reason("alarms.slower-than-bake"),
    )
    refused = case(planned=refusals)
    checks = (check_strategy(refused), check_time(refused), check_reaction(refused))
    assert [check.reasons for check in checks] == [(each,) for each in refusals]


def test_a_plan_is_told_with_its_times() -> None:
    assert "min expected, 60 min allowed" in check_time(case(planned=PLAN)).evidence
    assert "the shortest bake lasts 300 s" in check_reaction(case(planned=PLAN)).evidence


def test_a_quota_below_the_peak_is_told_with_both_numbers() -> None:
    [told] = check_quota(case(planned=PLAN, quota_instances=5)).reasons
    assert told.subject == "quota ml.g6e.2xlarge for endpoint usage"
    assert "allows 5 instances and the update needs 6" in told.message


def test_what_other_endpoints_hold_counts_against_the_quota() -> None:
    usage = Usage(instances=3, endpoints=2, seen=5, listed=5)
    [told] = check_quota(case(planned=PLAN, quota_instances=8, usage=usage)).reasons
    assert "of which other endpoints hold 3" in told.message


@pytest.mark.parametrize("held", [0, 2])
def test_a_quota_with_room_passes_with_every_number(held: int) -> None:
    usage = Usage(instances=held, endpoints=1, seen=1, listed=1)
    check = check_quota(case(planned=PLAN, quota_instances=10, usage=usage))
    assert check.state is CheckState.PASSED
    assert f"10 ml.g6e.2xlarge allowed, {held} used by 1 other endpoint;" in check.evidence


def test_a_quota_too_low_for_the_way_back_is_noted_and_stops_nothing() -> None:
    assert PLAN.capacity.peak_instances < 7 < PLAN.capacity.rollback_peak_instances
    check = check_quota(case(planned=PLAN, quota_instances=7))
    assert check.state is CheckState.NOTED
    assert "a rollback would need 8 for a while" in check.evidence


def test_an_incomplete_count_is_the_least_that_is_used() -> None:
    usage = Usage(instances=2, endpoints=1, seen=14, listed=41)
    check = check_quota(case(planned=PLAN, quota_instances=8, usage=usage))
    told = "at least 2 used by 1 other endpoint (14 of 41 could be seen in time)"
    assert told in check.evidence


def test_a_quota_is_no_question_for_what_needs_no_more_than_serves() -> None:
    in_place = amend_plan(PLAN, peak_instances=4, rollback_peak_instances=4)
    check = check_quota(case(planned=in_place, quota_instances=1))
    assert check.state is CheckState.PASSED
    assert "not read: the update needs no more than the 4 that serve" in check.evidence


@pytest.mark.parametrize("grown", ["peak_instances", "rollback_peak_instances"])
def test_a_quota_is_asked_for_an_instance_more_on_either_way(grown: str) -> None:
    plan = amend_plan(PLAN, **{"peak_instances": 4, "rollback_peak_instances": 4, grown: 5})
    check = check_quota(case(planned=plan, quota_instances=4))
    assert "4 ml.g6e.2xlarge allowed" in check.evidence


@pytest.mark.parametrize("quota", [None, Unmeasured("AccessDenied")])
def test_a_quota_that_is_not_known_is_held_against_nothing(quota: Unmeasured | None) -> None:
    assert check_quota(case(planned=PLAN, quota_instances=quota)).state is CheckState.UNKNOWN
