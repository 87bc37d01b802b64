"""The config that serves decides, never the status alone (rules §2.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.samples import NEW, NOW, OLD, course, endpoint, later

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.plans.timeline import START_GRACE_SECONDS
from switchover.domain.verdict import Course, Verdict, course_of, has_moved, judge, judge_resize

STATUSES = st.sampled_from(EndpointStatus)
CONFIGS = st.sampled_from([OLD, NEW, "somebody-elses"])
UPDATING = EndpointStatus.UPDATING
IN_SERVICE = EndpointStatus.IN_SERVICE


def reading(status: EndpointStatus, config: str, **changes: Any) -> EndpointReading:
    return endpoint(**{"status": status, "config_name": config, "read_at": later(60), **changes})


def moved(**changes: Any) -> Course:
    return course(was_seen_moving=True, **changes)


def test_the_target_in_service_is_updated() -> None:
    assert judge(reading(IN_SERVICE, NEW), moved()) is Verdict.ARRIVED


def test_a_silent_rollback_is_a_rollback() -> None:
    """InService, previous config, FailureReason empty: what nearly every tool calls success."""
    seen = reading(IN_SERVICE, OLD, failure_reason="", last_modified=later(50))
    assert judge(seen, course()) is Verdict.ROLLED_BACK


def test_a_rollback_is_seen_though_updating_never_was() -> None:
    """LastModifiedTime advanced (rules §2.2)."""
    seen = reading(IN_SERVICE, OLD, last_modified=later(1))
    assert judge(seen, course(was_seen_moving=False)) is Verdict.ROLLED_BACK


def test_in_service_says_nothing_before_the_change_is_taken_up() -> None:
    assert judge(reading(IN_SERVICE, OLD), course()) is Verdict.MOVING


def test_a_change_that_is_never_taken_up_is_given_up() -> None:
    seen = reading(IN_SERVICE, OLD, read_at=later(START_GRACE_SECONDS))
    assert judge(seen, course()) is Verdict.ROLLED_BACK


def test_the_target_with_something_pending_is_still_moving() -> None:
    seen = reading(IN_SERVICE, NEW, pending_config_name="another")
    assert judge(seen, moved()) is Verdict.MOVING


def test_a_failure_reason_beside_the_target_is_no_failure() -> None:
    """FailureReason can be set by patching or scaling: evidence, never the test (rules §2.2)."""
    seen = reading(IN_SERVICE, NEW, failure_reason="scaling failed")
    assert judge(seen, moved()) is Verdict.ARRIVED


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (EndpointStatus.CREATING, Verdict.MOVING),
        (EndpointStatus.UPDATING, Verdict.MOVING),
        (EndpointStatus.SYSTEM_UPDATING, Verdict.MOVING),
        (EndpointStatus.ROLLING_BACK, Verdict.MOVING),
        (EndpointStatus.DELETING, Verdict.FAILED),
        (EndpointStatus.IN_SERVICE, Verdict.ROLLED_BACK),
        (EndpointStatus.FAILED, Verdict.FAILED),
        (EndpointStatus.OUT_OF_SERVICE, Verdict.FAILED),
        (EndpointStatus.UPDATE_ROLLBACK_FAILED, Verdict.MIXED),
    ],
)
def test_each_status_on_the_previous_config_has_its_verdict(
    status: EndpointStatus, verdict: Verdict
) -> None:
    assert judge(reading(status, OLD), moved()) is verdict


@pytest.mark.parametrize("status", [UPDATING, EndpointStatus.SYSTEM_UPDATING])
@pytest.mark.parametrize("config", [OLD, NEW])
def test_a_moving_status_on_either_config_is_moving(status: EndpointStatus, config: str) -> None:
    assert judge(reading(status, config), moved()) is Verdict.MOVING


@pytest.mark.parametrize(
    "status", [UPDATING, EndpointStatus.ROLLING_BACK, EndpointStatus.SYSTEM_UPDATING]
)
def test_what_moves_past_its_time_is_overdue(status: EndpointStatus) -> None:
    assert judge(reading(status, OLD, read_at=later(7200)), moved()) is Verdict.OVERDUE


def test_a_second_before_its_time_it_still_moves() -> None:
    assert judge(reading(UPDATING, OLD, read_at=later(7199)), moved()) is Verdict.MOVING


def test_an_old_mix_is_waited_out_until_the_repair_is_seen_to_move() -> None:
    """UpdateEndpoint is allowed in UpdateRollbackFailed, which is shown until it begins (§2)."""
    seen = reading(EndpointStatus.UPDATE_ROLLBACK_FAILED, OLD)
    assert judge(seen, course()) is Verdict.MOVING


def test_a_vanished_endpoint_is_a_failure() -> None:
    assert judge(Absent(name="chat", read_at=NOW), moved()) is Verdict.FAILED


def test_a_vanished_endpoint_is_expected_where_it_is_recreated() -> None:
    assert judge(Absent(name="chat", read_at=NOW), moved(recreates=True)) is Verdict.GONE


@pytest.mark.parametrize(
    ("recreates", "seconds", "verdict"),
    [
        (True, 599, Verdict.DELETING),
        (True, 600, Verdict.MOVING),
        (False, 0, Verdict.FAILED),
        (True, 7200, Verdict.OVERDUE),
    ],
)
def test_a_deletion_is_looked_at_often_where_the_endpoint_is_made_again_but_not_for_ever(
    recreates: bool,  # noqa: FBT001
    seconds: int,
    verdict: Verdict,
) -> None:
    seen = reading(EndpointStatus.DELETING, OLD, read_at=later(seconds))
    assert judge(seen, moved(recreates=recreates)) is verdict


@given(
    status=STATUSES,
    config=CONFIGS,
    pending=st.none() | CONFIGS,
    seconds=st.integers(0, 20_000),
    modified=st.integers(-10, 10_000),
    was_seen_moving=st.booleans(),
    recreates=st.booleans(),
    failure=st.sampled_from(["", "The model did not answer."]),
)
@settings(max_examples=500)
def test_updated_means_in_service_on_the_target_with_nothing_pending(
    status: EndpointStatus,
    config: str,
    pending: str | None,
    seconds: int,
    modified: int,
    was_seen_moving: bool,  # noqa: FBT001
    recreates: bool,  # noqa: FBT001
    failure: str,
) -> None:
    seen = endpoint(
        status=status,
        config_name=config,
        pending_config_name=pending,
        read_at=later(seconds),
        last_modified=later(modified),
        failure_reason=failure,
    )
    verdict = judge(seen, course(was_seen_moving=was_seen_moving, recreates=recreates))
    is_updated = status is IN_SERVICE and config == NEW and pending is None
    assert (verdict is Verdict.ARRIVED) == is_updated


@given(status=STATUSES, config=CONFIGS, pending=st.none() | CONFIGS, seen_moving=st.booleans())
def test_nothing_moves_for_ever(
    status: EndpointStatus,
    config: str,
    pending: str | None,
    seen_moving: bool,  # noqa: FBT001
) -> None:
    seen = endpoint(
        status=status, config_name=config, pending_config_name=pending, read_at=later(7200)
    )
    assert judge(seen, course(was_seen_moving=seen_moving)) is not Verdict.MOVING


def resized(seen: EndpointReading, **changes: Any) -> Verdict:
    """The verdict on a resize, whose course ends on the config that it began with."""
    return judge_resize(seen, course(target_config=OLD, **changes))


def test_a_resize_that_does_not_show_yet_is_not_taken_for_done() -> None:
    """The config is the same before and after, so that it tells nothing."""
    assert resized(reading(IN_SERVICE, OLD)) is Verdict.MOVING


def test_a_resize_that_was_seen_moving_and_rests_is_done() -> None:
    assert resized(reading(IN_SERVICE, OLD), was_seen_moving=True) is Verdict.ARRIVED


def test_a_resize_that_was_missed_is_done_by_the_time_of_the_change() -> None:
    assert resized(reading(IN_SERVICE, OLD, last_modified=later(1))) is Verdict.ARRIVED


def test_a_resize_that_never_shows_is_not_waited_for_longer_than_the_grace() -> None:
    seen = reading(IN_SERVICE, OLD, read_at=later(START_GRACE_SECONDS))
    assert resized(seen) is Verdict.ARRIVED


def test_a_resize_under_way_is_moving() -> None:
    assert resized(reading(UPDATING, OLD)) is Verdict.MOVING


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, False),
        ({"status": UPDATING}, True),
        ({"status": EndpointStatus.CREATING}, True),
        ({"status": EndpointStatus.DELETING}, True),
        ({"status": EndpointStatus.SYSTEM_UPDATING}, False),
        ({"pending_config_name": NEW}, True),
        ({"last_modified": NOW}, True),
    ],
)
def test_a_change_shows_by_status_pending_config_or_time(
    changes: dict[str, Any],
    expected: bool,  # noqa: FBT001
) -> None:
    """AWS's own maintenance is not our change (rules §7.9)."""
    assert has_moved(endpoint(**changes), course()) is expected


def test_what_was_seen_moving_stays_so() -> None:
    assert has_moved(endpoint(), moved())


def test_a_course_begins_with_the_reading_before_the_request() -> None:
    made = course_of(NEW, endpoint(read_at=later(5)), 7200)
    assert made.started_at == later(5)
    assert made.overdue_at == later(7205)
    assert made.modified_before == NOW - timedelta(days=1)


def test_a_course_can_begin_without_an_endpoint() -> None:
    made = course_of(NEW, Absent(name="chat", read_at=NOW), 60, recreates=True)
    assert (made.modified_before, made.recreates) == (NOW, True)
