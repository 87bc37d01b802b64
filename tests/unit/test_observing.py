"""One look at a change under way, for the machine and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.samples import NOW, OLD, course, endpoint, later, variant
from tests.unit.samples import plan as make_plan
from tests.unit.samples import update as make_update

from switchover.domain.fleet import Absent, AlarmReading, AlarmState, EndpointStatus, Stage
from switchover.domain.observing import (
    Observation,
    Purpose,
    assess_observation,
    collect_reasons,
    moment_of,
)
from switchover.domain.update import Evidence
from switchover.domain.verdict import Verdict

if TYPE_CHECKING:
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update import Update

RED = AlarmReading(name="errors", state=AlarmState.ALARM, reason="Threshold crossed")
QUIET = AlarmReading(name="errors", state=AlarmState.OK)
UPDATING = EndpointStatus.UPDATING


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan()


def under_way(plan: Plan, **changes: Any) -> Update:
    return make_update(**{"plan": plan, "course": course(), **changes})


def watched(plan: Plan, *alarms: AlarmReading, **changes: Any) -> Verdict:
    seen = Observation(
        endpoint=endpoint(**{"config_name": plan.target_config, **changes}), alarms=alarms
    )
    watch = course(target_config=plan.target_config, overdue_at=later(600))
    return assess_observation(seen, Purpose.WATCH, make_update(plan=plan, course=watch))


def test_a_quiet_watch_goes_on(plan: Plan) -> None:
    assert watched(plan, QUIET, read_at=later(599)) is Verdict.MOVING


def test_a_quiet_watch_ends_well_when_its_time_is_over(plan: Plan) -> None:
    assert watched(plan, QUIET, read_at=later(600)) is Verdict.UPDATED


def test_a_red_alarm_ends_the_watch(plan: Plan) -> None:
    assert watched(plan, RED, read_at=later(600)) is Verdict.FAILED


def test_another_config_ends_the_watch(plan: Plan) -> None:
    assert watched(plan, config_name=OLD) is Verdict.FAILED


def test_awss_own_maintenance_does_not_end_the_watch(plan: Plan) -> None:
    """SystemUpdating can start on its own (rules §7.9)."""
    assert watched(plan, status=EndpointStatus.SYSTEM_UPDATING) is Verdict.MOVING


def test_a_vanished_endpoint_ends_the_watch(plan: Plan) -> None:
    seen = Observation(endpoint=Absent(name="chat", read_at=NOW))
    assert assess_observation(seen, Purpose.WATCH, under_way(plan)) is Verdict.FAILED


def test_a_red_alarm_does_not_settle_an_update(plan: Plan) -> None:
    """SageMaker decides that; the config that serves then tells (rules §2.2)."""
    seen = Observation(endpoint=endpoint(status=UPDATING), alarms=(RED,))
    assert assess_observation(seen, Purpose.OUTCOME, under_way(plan)) is Verdict.MOVING


def test_people_read_sagemakers_own_words() -> None:
    baking = Stage(status="Baking", message="Baking for 600 seconds (…)")
    new = variant(1, stages=(baking, baking))
    seen = Observation(
        endpoint=endpoint(status=UPDATING, pending_config_name="chat-v2", pending_variants=(new,))
    )
    moment = moment_of(seen, Purpose.OUTCOME)
    assert moment.text == "Baking for 600 seconds (…)"
    assert (moment.state, moment.old_instances, moment.new_instances) == ("AwaitOutcome", 4, 1)


def test_a_stage_without_words_is_told_by_its_status() -> None:
    stage = variant(stages=(Stage(status="Deleting"),))
    moment = moment_of(Observation(endpoint=endpoint(variants=(stage,))), Purpose.ROLLBACK)
    assert (moment.state, moment.text) == ("AwaitRollback", "Deleting")


def test_an_endpoint_at_rest_is_told_by_status_and_config() -> None:
    moment = moment_of(Observation(endpoint=endpoint()), Purpose.CAPACITY)
    assert (moment.text, moment.new_instances) == ("InService on chat-v1.", None)


def test_red_alarms_are_told() -> None:
    moment = moment_of(Observation(endpoint=endpoint(), alarms=(RED, QUIET)), Purpose.WATCH)
    assert moment.text == "InService on chat-v1. Red: errors."


def test_a_vanished_endpoint_is_told() -> None:
    gone = Observation(endpoint=Absent(name="chat", read_at=NOW))
    assert moment_of(gone, Purpose.OUTCOME).text == "The endpoint is gone."


def reasons(
    verdict: Verdict, purpose: Purpose = Purpose.OUTCOME, **evidence: Any
) -> list[tuple[str, str]]:
    seen = Observation(endpoint=endpoint())
    told = collect_reasons(verdict, purpose, seen, Evidence(**evidence))
    return [(reason.code, reason.message) for reason in told]


@pytest.mark.parametrize("verdict", [Verdict.MOVING, Verdict.UPDATED, Verdict.GONE])
def test_what_goes_well_needs_no_reason(verdict: Verdict) -> None:
    assert reasons(verdict, alarms=(RED,)) == []


def test_a_rollback_is_explained_by_alarm_and_by_sagemaker() -> None:
    assert reasons(Verdict.ROLLED_BACK, alarms=(RED,), failure_reason="Alarm errors") == [
        ("alarm.went-red", "went red: Threshold crossed"),
        ("sagemaker.failure-reason", "SageMaker says: Alarm errors"),
    ]


def test_an_unexplained_rollback_is_a_reason_too() -> None:
    """FailureReason may be empty (rules §2.2)."""
    [(code, message)] = reasons(Verdict.ROLLED_BACK)
    assert code == "update.rolled-back"
    assert "SageMaker gave no reason and no alarm went red" in message


def test_the_way_back_itself_is_not_the_reason() -> None:
    """The reasons of the update stand; those of undoing it would hide them."""
    assert reasons(Verdict.ROLLED_BACK, Purpose.ROLLBACK) == []
