"""UpdateEndpoint is called once, however often the start is decided (rules §6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.samples import NOW, course, endpoint, later
from tests.support.samples import plan as make_plan

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.starting import Start, choose_start, has_arrived

if TYPE_CHECKING:
    from switchover.domain.plans.plan import Plan
    from switchover.domain.verdict import Course

GONE = Absent(name="chat", read_at=NOW)
DELETING = EndpointStatus.DELETING


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan()


@pytest.fixture(scope="module")
def redeploy() -> Plan:
    return make_plan(strategy="redeploy", allow_downtime=True)


def asked(plan: Plan) -> Course:
    return course(target_config=plan.target.config)


def test_an_endpoint_as_it_was_planned_is_updated(plan: Plan) -> None:
    assert choose_start(endpoint(), plan, None) is Start.UPDATE


def test_redeploy_begins_with_a_deletion(redeploy: Plan) -> None:
    assert choose_start(endpoint(), redeploy, None) is Start.DELETE


def test_redeploy_goes_on_with_a_creation(redeploy: Plan) -> None:
    assert choose_start(GONE, redeploy, asked(redeploy)) is Start.CREATE


def test_redeploy_waits_for_its_deletion(redeploy: Plan) -> None:
    seen = endpoint(status=DELETING, last_modified=NOW - timedelta(days=1))
    assert choose_start(seen, redeploy, asked(redeploy)) is Start.ALREADY


@pytest.mark.parametrize("field", ["pending_config_name", "config_name"])
def test_a_target_that_is_pending_or_serving_was_asked_for_already(plan: Plan, field: str) -> None:
    seen = endpoint(status=EndpointStatus.UPDATING, **{field: plan.target.config})
    assert choose_start(seen, plan, None) is Start.ALREADY


def test_a_lost_answer_is_found_again_by_the_time_of_the_change(plan: Plan) -> None:
    seen = endpoint(last_modified=later(1))
    assert choose_start(seen, plan, asked(plan)) is Start.ALREADY


def test_a_request_that_never_arrived_is_made_again(plan: Plan) -> None:
    assert choose_start(endpoint(), plan, asked(plan)) is Start.UPDATE


def test_the_course_of_the_capacity_change_is_not_an_earlier_try(plan: Plan) -> None:
    seen = endpoint(last_modified=later(1))
    assert choose_start(seen, plan, course(target_config=plan.previous.config)) is Start.UPDATE


@pytest.mark.parametrize(
    "seen",
    [
        endpoint(config_name="somebody-elses"),
        endpoint(pending_config_name="somebody-elses"),
        endpoint(status=EndpointStatus.UPDATING),
        endpoint(status=EndpointStatus.FAILED),
        endpoint(status=EndpointStatus.SYSTEM_UPDATING),
        GONE,
    ],
)
def test_an_endpoint_that_is_not_as_planned_is_left_alone(
    plan: Plan, seen: EndpointReading | Absent
) -> None:
    assert choose_start(seen, plan, None) is Start.REFUSE


def test_an_absent_endpoint_is_not_created_before_it_was_deleted_by_us(redeploy: Plan) -> None:
    assert choose_start(GONE, redeploy, None) is Start.REFUSE


@pytest.mark.parametrize("field", ["pending_config_name", "config_name"])
def test_a_busy_endpoint_on_its_way_to_the_target_took_the_first_request(
    plan: Plan, field: str
) -> None:
    assert has_arrived(Start.UPDATE, endpoint(**{field: plan.target.config}), plan)


@pytest.mark.parametrize(
    "seen", [endpoint(), endpoint(status=DELETING), endpoint(pending_config_name="other"), GONE]
)
def test_a_busy_endpoint_on_any_other_way_is_somebody_elses(
    plan: Plan, seen: EndpointReading | Absent
) -> None:
    assert not has_arrived(Start.UPDATE, seen, plan)


@pytest.mark.parametrize(
    ("seen", "arrived"), [(GONE, True), (endpoint(status=DELETING), True), (endpoint(), False)]
)
def test_a_deletion_arrived_if_the_endpoint_goes_or_is_gone(
    redeploy: Plan,
    seen: EndpointReading | Absent,
    arrived: bool,  # noqa: FBT001
) -> None:
    assert has_arrived(Start.DELETE, seen, redeploy) is arrived


def test_an_endpoint_that_is_not_there_was_not_created(redeploy: Plan) -> None:
    assert not has_arrived(Start.CREATE, GONE, redeploy)
