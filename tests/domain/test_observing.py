"""One reading of a running change, for the machine and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import NOW, OLD, course, endpoint, later, variant
from tests.support.samples import plan as make_plan
from tests.support.samples import update as make_update

from switchover.domain.fleet import Absent, AlarmReading, AlarmState, EndpointStatus, Stage
from switchover.domain.observing import (
    Observation,
    Purpose,
    assess_observation,
    collect_reasons,
    find_fault_of_way_back,
    moment_of,
)
from switchover.domain.plans.alarms import Scope
from switchover.domain.update.records import Evidence
from switchover.domain.verdict import Verdict

if TYPE_CHECKING:
    from switchover.domain.fleet import EndpointReading
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update

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
        endpoint=endpoint(**{"config_name": plan.target.config, **changes}), alarms=alarms
    )
    watch = course(target_config=plan.target.config, overdue_at=later(600))
    return assess_observation(seen, Purpose.WATCH, make_update(plan=plan, course=watch))


def test_a_quiet_watch_goes_on(plan: Plan) -> None:
    assert watched(plan, QUIET, read_at=later(599)) is Verdict.MOVING


def test_a_quiet_watch_ends_well_when_its_time_is_over(plan: Plan) -> None:
    assert watched(plan, QUIET, read_at=later(600)) is Verdict.ARRIVED


def test_a_red_alarm_ends_the_watch(plan: Plan) -> None:
    assert watched(plan, RED, read_at=later(600)) is Verdict.FAILED


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0, Verdict.MOVING), (239, Verdict.MOVING), (240, Verdict.FAILED)]
)
@pytest.mark.parametrize("purpose", [Purpose.WATCH, Purpose.GATE])
def test_a_standing_alarm_judges_the_new_fleet_once_it_no_longer_sees_the_old(
    plan: Plan, purpose: Purpose, seconds: int, verdict: Verdict
) -> None:
    """Two periods of a minute, and CloudWatch two minutes behind (rules §4)."""
    standing = next(spec for spec in plan.alarms.specs if spec.scope is Scope.STANDING)
    red = AlarmReading(name=standing.name, state=AlarmState.ALARM)
    seen = Observation(
        endpoint=endpoint(config_name=plan.target.config, read_at=later(seconds)), alarms=(red,)
    )
    over = course(target_config=plan.target.config, overdue_at=NOW)
    assert (
        assess_observation(seen, purpose, under_way(plan, course=over, settled_at=NOW)) is verdict
    )


def test_the_new_fleets_own_alarm_judges_it_at_once(plan: Plan) -> None:
    own = next(spec for spec in plan.alarms.specs if spec.scope is Scope.UPDATE)
    red = AlarmReading(name=own.name, state=AlarmState.ALARM)
    seen = Observation(endpoint=endpoint(config_name=plan.target.config), alarms=(red,))
    assert assess_observation(seen, Purpose.WATCH, under_way(plan, settled_at=NOW)) is (
        Verdict.FAILED
    )


def test_a_change_of_size_does_not_end_the_watch(plan: Plan) -> None:
    assert watched(plan, status=UPDATING) is Verdict.MOVING


def test_somebody_elses_update_ends_the_watch(plan: Plan) -> None:
    assert watched(plan, status=UPDATING, pending_config_name="x") is Verdict.FAILED


def test_sagemakers_words_on_a_way_back_are_kept_once_the_latest_last(plan: Plan) -> None:
    def fail(update: Update, words: str) -> Update:
        seen = Observation(endpoint=endpoint(failure_reason=words))
        fault = find_fault_of_way_back(Verdict.ROLLED_BACK, seen)
        return update.hindered(fault) if fault else update

    update = fail(fail(fail(fail(under_way(plan), "no room"), "ping"), ""), "no room")

    assert [fault.message for fault in update.way_back.faults] == [
        "SageMaker says: ping",
        "SageMaker says: no room",
    ]


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
    assert moment_of(gone, Purpose.OUTCOME).text == "The endpoint doesn't exist."


def reasons(
    verdict: Verdict, purpose: Purpose = Purpose.OUTCOME, **evidence: Any
) -> list[tuple[str, str]]:
    seen = Observation(endpoint=endpoint())
    told = collect_reasons(verdict, purpose, seen, Evidence(**evidence))
    return [(reason.code, reason.message) for reason in told]


@pytest.mark.parametrize(
    "verdict", [Verdict.MOVING, Verdict.ARRIVED, Verdict.DELETING, Verdict.GONE]
)
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


def raised(seen: EndpointReading) -> tuple[Verdict, list[str]]:
    """The verdict, and the messages, on a fleet that was to be raised from 4 to 6 instances."""
    wider = make_plan(capacity={"during": {"min": 6, "max": 8}})
    waiting = under_way(wider, course=course(target_config=OLD, was_seen_moving=True))
    observation = Observation(endpoint=seen)
    verdict = assess_observation(observation, Purpose.CAPACITY, waiting)
    reasons = collect_reasons(verdict, Purpose.CAPACITY, observation, Evidence())
    return verdict, [reason.message for reason in reasons]


def test_a_fleet_that_was_raised_is_ready() -> None:
    assert raised(endpoint(variants=(variant(6),))) == (Verdict.ARRIVED, [])


def test_a_raise_that_sagemaker_gave_up_has_failed_in_its_words() -> None:
    """The endpoint is InService again, with its size from before."""
    seen = endpoint(variants=(variant(4),), failure_reason="no capacity")

    assert raised(seen) == (
        Verdict.FAILED,
        ["its fleet could not be enlarged for the update: SageMaker says: no capacity"],
    )
