"""SageMaker accepts every number of an accepted plan, and the alarms can guard the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.support.aws_models import faults_of
from tests.support.policies import POLICIES, chosen_keys
from tests.support.samples import (
    BUCKET,
    ENDPOINT,
    NOW,
    OLD,
    amend_plan,
    live_release,
    plan,
    planned,
    policy,
    release,
    variant,
)

from switchover.domain.plans.alarms import Scope
from switchover.domain.plans.deployment import return_config
from switchover.domain.plans.detection import detection_seconds
from switchover.domain.plans.experience import PastUpdate
from switchover.domain.plans.groups import Material
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.plans.release_plan import model_location, plan_release
from switchover.domain.plans.rollback_plan import plan_rollback
from switchover.domain.policies.choices import Strategy
from switchover.domain.served import Served

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason


def asked(instances: int = 4, **values: Any) -> Plan | tuple[Reason, ...]:
    """The answer to a policy in which a person set every value."""
    return plan_release(
        update_id="chat-v2-0a1b2c3d",
        started_at=NOW,
        release=release(),
        bucket=BUCKET,
        policy=policy(**values),
        live=live_release(instances),
        variant=variant(instances),
        previous_version="v1",
        chosen=chosen_keys(values),
    )


def refused(instances: int = 4, **values: Any) -> Reason:
    made = asked(instances, **values)
    assert isinstance(made, tuple)
    [reason] = made
    return reason


def blue_green(made: Plan) -> dict[str, Any]:
    assert made.deployment.request is not None
    found: dict[str, Any] = made.deployment.request["BlueGreenUpdatePolicy"]
    return found


def rolling(made: Plan) -> dict[str, Any]:
    assert made.deployment.request is not None
    found: dict[str, Any] = made.deployment.request["RollingUpdatePolicy"]
    return found


def count(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}


@given(instances=st.integers(1, 100), values=POLICIES, is_chosen=st.booleans())
@settings(max_examples=300)
def test_an_accepted_plan_keeps_every_bound_of_sagemakers(
    instances: int,
    values: dict[str, Any],
    is_chosen: bool,  # noqa: FBT001  (hypothesis passes by name)
) -> None:
    """botocore checks neither maxima, enums nor patterns (rules §1.1), so this does."""
    made = asked(instances, **values) if is_chosen else planned(instances, **values)
    assert made  # a plan, or reasons
    assume(not isinstance(made, tuple))
    request = {
        "EndpointName": made.endpoint,
        "EndpointConfigName": made.target.config,
        "DeploymentConfig": made.deployment.request or {},
    }
    assert faults_of("sagemaker", "UpdateEndpoint", request) == ""
    assert len(made.alarms.listed) <= 10
    assert made.times.worst_seconds > made.times.deadline_seconds > made.times.expected_seconds
    assert made.times.deadline_seconds >= 3600 or values.get("deadline_seconds") is not None
    own = [alarm for alarm in made.alarms.specs if alarm.scope is Scope.UPDATE]
    slowest = max(detection_seconds(a.period_seconds, a.evaluation_periods) for a in own)
    assert (
        made.deployment.pace.strategy is Strategy.REDEPLOY
        or slowest < made.deployment.pace.guarded_seconds
    )


@given(instances=st.integers(1, 100), values=POLICIES)
@settings(max_examples=100)
def test_the_way_back_keeps_every_bound_too(instances: int, values: dict[str, Any]) -> None:
    made = planned(instances, **values)
    assume(not isinstance(made, tuple))
    request = {
        "EndpointName": made.endpoint,
        "EndpointConfigName": made.previous.config,
        "DeploymentConfig": return_config(made.deployment.pace, made.times.deadline_seconds),
    }
    assert faults_of("sagemaker", "UpdateEndpoint", request) == ""


def test_rolling_is_the_guides() -> None:
    """300 s between batches of the table's size, and a rollback of the whole fleet at once."""
    assert rolling(plan(8)) == {
        "MaximumBatchSize": count(2),
        "WaitIntervalInSeconds": 300,
        "MaximumExecutionTimeoutInSeconds": plan(8).times.deadline_seconds,
        "RollbackMaximumBatchSize": count(8),
    }


def test_canary_is_the_guides() -> None:
    """10 % for 600 s, then 300 s of termination wait."""
    made = plan(10, strategy="canary")
    assert blue_green(made)["TrafficRoutingConfiguration"] == {
        "Type": "CANARY",
        "CanarySize": count(1),
        "WaitIntervalInSeconds": 600,
    }
    assert blue_green(made)["TerminationWaitInSeconds"] == 300


def test_linear_is_the_guides() -> None:
    """25 % every 300 s."""
    assert blue_green(plan(8, strategy="linear"))["TrafficRoutingConfiguration"] == {
        "Type": "LINEAR",
        "LinearStepSize": count(2),
        "WaitIntervalInSeconds": 300,
    }


def test_all_at_once_is_observed_in_its_termination_wait() -> None:
    """Required though it has no step to act on (rules §1.2, §8.15)."""
    made = plan(4, strategy="all-at-once")
    assert blue_green(made)["TrafficRoutingConfiguration"] == {
        "Type": "ALL_AT_ONCE",
        "WaitIntervalInSeconds": 0,
    }
    assert blue_green(made)["TerminationWaitInSeconds"] == 300


def test_redeploy_has_no_deployment_config() -> None:
    assert plan(4, strategy="redeploy", allow_downtime=True).deployment.request is None


def test_sagemaker_is_given_the_updates_own_alarms_and_the_policys() -> None:
    made = plan(4, alarms={"also": ["gpu"]})
    assert made.deployment.request is not None
    listed = made.deployment.request["AutoRollbackConfiguration"]["Alarms"]
    own = [alarm.name for alarm in made.alarms.specs if alarm.scope is not Scope.STANDING]
    assert [alarm["AlarmName"] for alarm in listed] == [*own, "gpu"]


def test_the_abort_alarm_is_listed_or_it_could_not_abort() -> None:
    made = plan()
    assert made.alarms.abort in made.alarms.listed


def test_the_deadline_is_computed_not_the_guides_hour() -> None:
    """Four batches of 8 instances at 15 minutes each outlast 3600 s (rules §8.14)."""
    made = plan(8, ready_seconds=900)
    assert made.times.deadline_seconds == 1.5 * 4 * (900 + 10 + 300 + 30)


def test_one_instance_is_told_what_it_can_have() -> None:
    reason = refused(1)
    assert reason.code == "strategy.fleet-too-small"
    assert "rolling is impossible: a rolling batch needs at least 2 instances" in reason.message
    assert "all-at-once" in reason.remedy


@pytest.mark.parametrize("strategy", ["rolling", "canary", "linear"])
def test_one_instance_cannot_be_guarded_in_steps(strategy: str) -> None:
    """N=1 satisfies none of the ranges (rules §1.3)."""
    assert refused(1, strategy=strategy).code == "strategy.fleet-too-small"


@pytest.mark.parametrize("strategy", ["all-at-once", "redeploy"])
def test_one_instance_can_be_replaced_whole(strategy: str) -> None:
    assert plan(1, strategy=strategy, allow_downtime=True).deployment.pace.step_instances == 1


def test_alarms_slower_than_the_bake_are_refused_with_both_numbers() -> None:
    """The guide's own 300 × 2 within 300 s (rules §8.8)."""
    reason = refused(alarms={"period_seconds": 300, "evaluation_periods": 2})
    assert reason.code == "alarms.slower-than-bake"
    assert "2 periods of 300 s need 720 s" in reason.message
    assert "lasts 300 s" in reason.message
    assert "This fits: `{rolling: {bake_seconds: 721}}`" in reason.remedy


def test_alarms_that_nobody_chose_are_fitted_to_the_bake() -> None:
    made = plan(rolling={"bake_seconds": 200})
    own = [alarm for alarm in made.alarms.specs if alarm.scope is Scope.UPDATE]
    assert {(alarm.period_seconds, alarm.evaluation_periods) for alarm in own} == {(60, 1)}
    assert any("1 × 60 s instead of 2 × 60 s" in note for note in made.notes)


def test_standing_alarms_are_not_fitted_to_one_updates_bake() -> None:
    made = plan(rolling={"bake_seconds": 200})
    standing = [alarm for alarm in made.alarms.specs if alarm.scope is Scope.STANDING]
    assert {(alarm.period_seconds, alarm.evaluation_periods) for alarm in standing} == {(60, 2)}


def test_an_excluded_alarm_is_neither_listed_nor_observed() -> None:
    """The old fleet is what fails: its red alarm must not turn the hotfix back."""
    red = next(alarm.name for alarm in plan().alarms.specs if alarm.scope is Scope.STANDING)
    assert red in plan().alarms.observed
    made = plan_release_with(
        initial=4, desired=4, excluded=("gpu", red), alarms={"also": ["gpu", "queue"]}
    )
    assert "gpu" not in made.alarms.listed
    assert "queue" in made.alarms.listed
    assert not {"gpu", red} & set(made.alarms.observed)
    assert made.alarms.excluded == ("gpu", red)


def test_a_deadline_shorter_than_the_update_is_refused() -> None:
    reason = refused(8, deadline_seconds=600)
    assert (reason.code, reason.subject) == (
        "timing.deadline-too-short",
        "policy: deadline_seconds",
    )
    assert "600 s is shorter than" in reason.message


def test_an_update_longer_than_sagemaker_allows_is_refused() -> None:
    reason = refused(100, rolling={"batch_percent": 5}, ready_seconds=1800)
    assert reason.code == "timing.deadline-too-long"
    assert "20 steps of 5 instances" in reason.message
    assert "SageMaker allows 8" in reason.message


def test_a_retained_fleet_is_counted_as_it_stands() -> None:
    """Autoscaling moved it from 2 to 4 (rules §1.3)."""
    made = plan_release_with(initial=2, desired=4)
    assert made.deployment.pace.instances == 4


def test_a_fleet_that_is_not_retained_is_counted_as_configured() -> None:
    made = plan_release_with(initial=2, desired=4, retain_capacity=False, strategy="all-at-once")
    assert (
        made.deployment.pace.instances,
        made.deployment.pace.old_instances,
        made.capacity.peak_instances,
    ) == (2, 4, 6)


def test_a_temporary_fleet_is_counted_as_raised() -> None:
    during = {"during": {"min": 6, "max": 8}}
    made = plan_release_with(initial=2, desired=4, capacity=during)
    assert (made.deployment.pace.instances, made.capacity.during) == (6, (6, 8))


def test_a_temporary_fleet_is_extra_all_the_time() -> None:
    during = {"during": {"min": 6, "max": 8}}
    made = plan_release_with(initial=2, desired=4, capacity=during, strategy="all-at-once")
    assert made.capacity.extra_instance_seconds == made.times.expected_seconds * (12 - 4)


def test_a_redeployed_fleet_has_the_size_that_it_had() -> None:
    made = plan_release_with(initial=2, desired=4, strategy="redeploy", allow_downtime=True)
    assert made.target.config_request is not None
    assert made.target.config_request["ProductionVariants"][0]["InitialInstanceCount"] == 4


def plan_release_with(
    *, initial: int, desired: int, excluded: tuple[str, ...] = (), **values: Any
) -> Plan:
    made = plan_release(
        update_id="id",
        started_at=NOW,
        release=release(),
        bucket=BUCKET,
        policy=policy(**values),
        live=live_release(initial),
        variant=variant(desired),
        previous_version="v1",
        excluded_alarms=excluded,
    )
    assert isinstance(made, Plan)
    return made


def test_two_updates_to_one_version_have_different_configs() -> None:
    assert plan(update_id="one").target.config != plan(update_id="two").target.config


def test_a_folder_release_is_a_prefix() -> None:
    assert model_location(release(), BUCKET) == ("s3://models/models/chat/v2/", False)


def test_a_single_archive_is_an_object() -> None:
    archive = [{"path": "model.tar.gz", "bytes": 1, "sha256": "0" * 64}]
    location = model_location(release(files=archive), BUCKET)
    assert location == ("s3://models/models/chat/v2/model.tar.gz", True)


def test_a_rollback_goes_all_at_once_and_listens_to_the_abort_alarm_alone() -> None:
    """The fleet that fails now must not stop its own replacement (rules §2.7)."""
    goal = Served(
        endpoint=ENDPOINT,
        version="v0",
        config_name="chat-v0",
        model_name="model-v0",
        update_id="x",
        at=NOW,
    )
    made = plan_rollback(
        policy=policy(), live=live_release(), variant=variant(), previous_version="v1", goal=goal
    )
    assert (made.kind, made.target.config, made.previous.config) == (Kind.ROLLBACK, "chat-v0", OLD)
    assert blue_green(made)["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    assert made.alarms.listed == (made.alarms.abort,)
    assert made.target.config_request is None
    request = {
        "EndpointName": "e",
        "EndpointConfigName": "c",
        "DeploymentConfig": made.deployment.request,
    }
    assert faults_of("sagemaker", "UpdateEndpoint", request) == ""


def test_the_way_back_waits_for_nothing_and_listens_to_nothing() -> None:
    made = plan(strategy="canary")
    back = return_config(made.deployment.pace, made.times.deadline_seconds)
    assert set(back) == {"BlueGreenUpdatePolicy"}
    assert back["BlueGreenUpdatePolicy"]["TerminationWaitInSeconds"] == 0


def test_a_mixed_fleet_is_repaired_with_the_previous_content_under_a_fresh_name() -> None:
    """The previous name is reported by the mix already, so that it proves nothing (rules §2.2)."""
    made = plan()
    repair = made.repair_request
    assert repair is not None
    assert made.home_config(is_mixed=True) == repair["EndpointConfigName"] == made.repair_config
    assert made.repair_config not in {made.previous.config, made.target.config}
    assert repair["ProductionVariants"] == live_release().config["ProductionVariants"]
    assert faults_of("sagemaker", "CreateEndpointConfig", repair) == ""


def test_a_fleet_that_is_not_mixed_goes_home_to_the_previous_config() -> None:
    assert plan().home_config(is_mixed=False) == OLD


def test_a_plan_can_be_read_in_one_sentence() -> None:
    summary = plan(8, ready_seconds=480).summary
    assert (
        summary
        == "v1 → v2 by rolling: 8 instances in steps of 2, about 55 min, at most 10 instances."
    )


def test_a_plan_survives_the_ledger() -> None:
    made = plan(strategy="canary")
    kept = TypeAdapter(Plan)
    assert kept.validate_json(kept.dump_json(made)) == made


def test_overdue_comes_after_the_deadline_and_a_way_back() -> None:
    made = plan()
    assert made.overdue_seconds > made.times.deadline_seconds + made.times.ready_seconds


def test_overdue_waits_for_a_way_back_in_small_batches() -> None:
    """20 batches of old instances, launched one after the other (rules §2.6)."""
    made = plan(20, rolling={"rollback_batch_percent": 5})
    assert made.overdue_seconds > made.times.deadline_seconds + 20 * made.times.ready_seconds


def test_what_was_learnt_is_planned_with_and_said() -> None:
    past = PastUpdate(
        instance_type="ml.g6e.2xlarge",
        model_bytes=16_000_000_000,
        launches=1,
        other_seconds=340,
        measured_seconds=1240,
    )
    made = plan_release(
        update_id="id",
        started_at=NOW,
        release=release(),
        bucket=BUCKET,
        policy=policy(),
        live=live_release(),
        variant=variant(),
        previous_version="v1",
        past=(past,),
    )
    assert isinstance(made, Plan)
    assert (made.times.ready_seconds, made.times.ready_source) == (900, "1 past update")
    assert not any("guess" in note for note in made.notes)


def test_a_guess_is_said_to_be_one_and_gets_a_generous_deadline() -> None:
    made = plan(8)
    known = plan(8, ready_seconds=made.times.ready_seconds)
    assert made.times.ready_source == "the model's size"
    assert "estimated from the model's size" in made.notes[-1]
    assert made.times.deadline_seconds > known.times.deadline_seconds


def test_a_change_of_a_plan_is_checked() -> None:
    with pytest.raises(ValidationError, match="overrides"):
        plan().overriding("approval.required")  # type: ignore[arg-type]


def test_what_a_plan_is_made_of_is_in_its_digest() -> None:
    material = Material(golden_pin="1", files_digest="2", policy_version="3")

    made = plan().made_of(material)

    assert made.digest != plan().digest
    assert made == amend_plan(plan(), golden_pin="1", files_digest="2", policy_version="3")
