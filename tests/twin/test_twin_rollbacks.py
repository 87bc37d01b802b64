"""How updates go wrong, and what is left of the endpoint when they have."""

from __future__ import annotations

import pytest
from tests.support.staging import HARDWARE, Staging, all_at_once, canary, count, linear, rolling

from switchover_local.twin.runtime.traffic import ConstantRate, Load
from switchover_local.twin.scenario import Behaviour, RollbackFailure, Scenario, Switches

GUARDED = ("guard",)
V2 = "s3://models/v2/"


def _alarmed(scenario: Scenario | None = None, instances: int = 4) -> Staging:
    staging = Staging(scenario).begin(instances)
    staging.put_alarm()
    staging.set_alarm("OK")
    return staging


@pytest.mark.parametrize(
    "deployment", [canary(alarms=GUARDED), linear(alarms=GUARDED), all_at_once(alarms=GUARDED)]
)
def test_an_alarm_during_a_bake_flips_blue_green_back(deployment: dict[str, object]) -> None:
    staging = _alarmed()
    staging.update(deployment)
    staging.clock.advance(500)

    staging.set_alarm("ALARM")
    took = staging.settle()

    answer = staging.describe()
    assert (answer["EndpointStatus"], answer["EndpointConfigName"]) == ("InService", "config-v1")
    assert "guard" in answer["FailureReason"]
    assert "PendingDeploymentSummary" not in answer
    assert took == 30
    assert staging.twin.instances("demo")[-1].total == 4
    assert staging.twin.traffic_shares("demo") == {"config-v1": 1.0}


def test_an_alarm_while_provisioning_takes_effect_at_the_first_bake() -> None:
    staging = _alarmed()
    staging.update(canary(alarms=GUARDED))
    staging.clock.advance(100)

    staging.set_alarm("ALARM")
    staging.clock.advance(380)
    assert staging.describe()["EndpointStatus"] == "Updating"
    took = staging.settle()

    assert took == 10 + 30
    assert staging.twin.serving_config("demo") == "config-v1"


def test_an_alarm_that_recovers_before_the_first_bake_does_no_harm() -> None:
    staging = _alarmed()
    staging.update(canary(alarms=GUARDED))
    staging.set_alarm("ALARM")
    staging.clock.advance(100)

    staging.set_alarm("OK")
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


def test_an_alarm_after_the_last_bake_is_too_late() -> None:
    staging = _alarmed()
    staging.update(all_at_once(termination_wait=300, alarms=GUARDED))
    staging.clock.advance(480 + 10 + 300 + 1)

    staging.set_alarm("ALARM")
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


def test_an_alarm_that_is_not_listed_does_not_matter() -> None:
    staging = _alarmed()
    staging.put_alarm("other")
    staging.update(canary(alarms=GUARDED))
    staging.clock.advance(500)

    staging.set_alarm("ALARM", "other")
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


def test_insufficient_data_is_not_tripped() -> None:
    staging = Staging().begin()
    staging.put_alarm()

    staging.update(canary(alarms=GUARDED))
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


def test_set_alarm_state_may_be_ignored() -> None:
    staging = _alarmed(Scenario(switches=Switches(set_alarm_state_trips=False)))
    staging.update(canary(alarms=GUARDED))
    staging.clock.advance(500)

    staging.set_alarm("ALARM")
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


def test_an_alarm_that_was_red_before_trips_the_first_bake() -> None:
    staging = _alarmed()
    staging.set_alarm("ALARM")

    staging.update(canary(alarms=GUARDED))
    took = staging.settle()

    assert took == 480 + 10 + 30
    assert staging.twin.serving_config("demo") == "config-v1"


def test_an_alarm_that_was_red_before_may_have_to_move_first() -> None:
    switches = Switches(red_alarm_at_start="waits_for_transition")
    staging = _alarmed(Scenario(switches=switches))
    staging.set_alarm("ALARM")

    staging.update(canary(alarms=GUARDED))
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


def test_traffic_itself_trips_an_alarm_on_the_new_config() -> None:
    bad = Behaviour(server_error_rate=0.5)
    staging = Staging().begin()
    staging.twin.set_behaviour(V2, bad)
    staging.cloudwatch.put_metric_alarm(
        AlarmName="guard",
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[
            {"Name": "EndpointName", "Value": "demo"},
            {"Name": "VariantName", "Value": "main"},
            {"Name": "EndpointConfigName", "Value": "config-v2"},
        ],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=2,
        Threshold=0.1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    staging.update(canary(wait=600, alarms=GUARDED))
    staging.clock.advance(490)

    load = Load(staging.clock, staging.twin.invoke, "demo", ConstantRate(5))
    load.start()
    staging.clock.advance(300)

    assert staging.describe()["EndpointConfigName"] == "config-v1"
    assert "guard" in staging.describe()["FailureReason"]
    assert load.failures > 0


def test_failing_health_checks_revert_without_any_alarm() -> None:
    staging = Staging().begin()
    staging.twin.set_behaviour(V2, Behaviour(unhealthy_from_instance=1))

    staging.update(all_at_once())
    took = staging.settle()

    assert took == 180 + 240 + 240 + 30
    assert staging.twin.serving_config("demo") == "config-v1"
    assert "did not pass the ping health check" in staging.describe()["FailureReason"]


def test_the_variants_own_startup_timeout_decides_how_long_that_takes() -> None:
    staging = Staging().begin()
    staging.configure("v2", "patient", ContainerStartupHealthCheckTimeoutInSeconds=1800)
    staging.twin.set_behaviour(V2, Behaviour(unhealthy_from_instance=1))

    staging.update(all_at_once(), to="patient")

    assert staging.settle() == 180 + 240 + 1800 + 30


def test_a_health_check_that_fails_from_the_third_instance_on_stops_rolling_half_way() -> None:
    staging = Staging().begin(instances=4)
    staging.twin.set_behaviour(V2, Behaviour(unhealthy_from_instance=3))

    staging.update(rolling(size=1, wait=60))
    staging.settle()

    assert max(c.new_serving for c in staging.twin.instances("demo")) == 2
    assert staging.twin.serving_config("demo") == "config-v1"
    assert staging.twin.instances("demo")[-1].old_serving == 4


def test_a_download_that_takes_too_long_reverts() -> None:
    staging = Staging().begin()
    staging.configure("v2", "hasty", ModelDataDownloadTimeoutInSeconds=60)

    staging.update(all_at_once(), to="hasty")
    took = staging.settle()

    assert took == 180 + 60 + 30
    assert "Failed to download model data" in staging.describe()["FailureReason"]


def test_missing_capacity_part_way_reverts_with_its_own_reason() -> None:
    staging = Staging(Scenario(capacity={HARDWARE: 5})).begin(instances=4)

    staging.update(all_at_once())
    took = staging.settle()

    assert took == 300 + 30
    assert "InsufficientInstanceCapacity" in staging.describe()["FailureReason"]
    assert staging.twin.peak_instances("demo") == 5
    assert staging.twin.serving_config("demo") == "config-v1"


def test_capacity_that_turns_up_in_time_is_taken() -> None:
    staging = Staging(Scenario(capacity={HARDWARE: 5})).begin(instances=4)
    staging.update(all_at_once())
    staging.clock.advance(100)

    staging.twin.change_scenario(capacity={HARDWARE: 8})
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


def test_a_missed_deadline_rolls_back() -> None:
    staging = Staging().begin(instances=4)
    deployment = rolling(size=1, wait=60, MaximumExecutionTimeoutInSeconds=1500)

    staging.update(deployment)
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v1"
    assert "MaximumExecutionTimeoutInSeconds" in staging.describe()["FailureReason"]


@pytest.mark.parametrize(
    ("outcome", "status"), [("mixed", "UpdateRollbackFailed"), ("failed", "Failed")]
)
def test_a_missed_deadline_may_end_otherwise(outcome: str, status: str) -> None:
    switches = Switches.model_validate({"deadline_outcome": outcome})
    staging = Staging(Scenario(switches=switches)).begin(instances=4)

    staging.update(rolling(size=1, wait=60, MaximumExecutionTimeoutInSeconds=1500))
    staging.settle()

    assert staging.describe()["EndpointStatus"] == status


def test_a_mix_leaves_no_healthy_instance_idle() -> None:
    staging = Staging(Scenario(switches=Switches(deadline_outcome="mixed"))).begin(instances=4)
    # The deadline strikes while the second batch stands by, waiting for its traffic.
    deadline = (480 + 10 + 60 + 30) + 480 + 5

    staging.update(rolling(size=1, wait=60, MaximumExecutionTimeoutInSeconds=deadline))
    staging.settle()

    shares = staging.twin.traffic_shares("demo")
    assert shares == pytest.approx({"config-v1": 3 / 5, "config-v2": 2 / 5})


def test_a_rolling_rollback_provisions_the_deleted_instances_again() -> None:
    staging = _alarmed()
    staging.update(rolling(size=1, wait=300, alarms=GUARDED))
    staging.clock.advance(480 + 10 + 300 + 30 + 480 + 10 + 5)

    staging.set_alarm("ALARM")
    took = staging.settle()

    # The first old instance is gone and comes back; the second only stood aside.
    assert took == 480 + 30
    assert staging.twin.instances("demo")[-1].old_serving == 4
    assert staging.twin.serving_config("demo") == "config-v1"


def test_a_rolling_rollback_in_batches_takes_one_launch_each() -> None:
    staging = _alarmed()
    staging.update(
        rolling(size=1, wait=60, alarms=GUARDED, RollbackMaximumBatchSize=count(1)),
    )
    staging.clock.advance(2 * (480 + 10 + 60 + 30) + 480 + 10 + 5)

    staging.set_alarm("ALARM")

    # Three old instances are gone or aside: two come back one by one, each relieving a new one.
    assert staging.settle() == 2 * 480 + 2 * 30


def test_a_rollback_without_capacity_leaves_a_mix_that_still_serves() -> None:
    staging = _alarmed()
    staging.update(rolling(size=1, wait=300, alarms=GUARDED))
    staging.clock.advance(480 + 10 + 300 + 30 + 480 + 10 + 5)
    staging.twin.change_scenario(capacity={HARDWARE: 4})

    staging.set_alarm("ALARM")
    staging.settle()

    answer = staging.describe()
    assert answer["EndpointStatus"] == "UpdateRollbackFailed"
    assert "InsufficientInstanceCapacity" in answer["FailureReason"]
    assert set(staging.twin.traffic_shares("demo")) == {"config-v1", "config-v2"}


def test_a_rollback_can_be_made_to_fail() -> None:
    staging = _alarmed(Scenario(faults=(RollbackFailure(),)))
    staging.update(rolling(size=1, wait=300, alarms=GUARDED))
    staging.clock.advance(480 + 10 + 300 + 30 + 480 + 10 + 5)

    staging.set_alarm("ALARM")
    staging.settle()

    assert staging.describe()["EndpointStatus"] == "UpdateRollbackFailed"


@pytest.mark.parametrize("way_out", [None, rolling(size=1, wait=0), canary()])
def test_the_way_out_of_a_mix_is_another_update(way_out: dict[str, object] | None) -> None:
    staging = _alarmed(Scenario(faults=(RollbackFailure(),)))
    staging.update(rolling(size=1, wait=300, alarms=GUARDED))
    staging.clock.advance(480 + 10 + 300 + 30 + 480 + 10 + 5)
    staging.set_alarm("ALARM")
    staging.settle()

    staging.update(way_out, to="config-v1")
    staging.settle()

    assert staging.describe()["EndpointStatus"] == "InService"
    assert staging.twin.traffic_shares("demo") == {"config-v1": 1.0}
    assert staging.twin.instances("demo")[-1].total == 4


def test_an_update_that_leaves_a_mix_and_fails_goes_back_to_the_mix() -> None:
    staging = _alarmed(Scenario(faults=(RollbackFailure(),)))
    staging.update(rolling(size=1, wait=300, alarms=GUARDED))
    staging.clock.advance(480 + 10 + 300 + 30 + 480 + 10 + 5)
    staging.set_alarm("ALARM")
    staging.settle()

    staging.update(canary(alarms=GUARDED), to="config-v1")
    staging.settle()

    assert staging.describe()["EndpointStatus"] == "UpdateRollbackFailed"
    assert set(staging.twin.traffic_shares("demo")) == {"config-v1", "config-v2"}


def test_an_update_that_leaves_a_mix_and_fails_may_be_the_end() -> None:
    switches = Switches(failed_mix_repair="failed")
    staging = _alarmed(Scenario(faults=(RollbackFailure(),), switches=switches))
    staging.update(rolling(size=1, wait=300, alarms=GUARDED))
    staging.clock.advance(480 + 10 + 300 + 30 + 480 + 10 + 5)
    staging.set_alarm("ALARM")
    staging.settle()
    mixed = staging.describe()["EndpointStatus"]

    staging.update(canary(alarms=GUARDED), to="config-v1")
    staging.settle()

    assert (mixed, staging.describe()["EndpointStatus"]) == ("UpdateRollbackFailed", "Failed")


def test_the_failure_reason_may_be_empty() -> None:
    switches = Switches(failure_reason_after_rollback="empty")
    staging = _alarmed(Scenario(switches=switches))
    staging.update(canary(alarms=GUARDED))
    staging.clock.advance(500)

    staging.set_alarm("ALARM")
    staging.settle()

    assert "FailureReason" not in staging.describe()


def test_the_next_good_update_clears_the_failure_reason() -> None:
    staging = _alarmed()
    staging.update(canary(alarms=GUARDED))
    staging.clock.advance(500)
    staging.set_alarm("ALARM")
    staging.settle()

    staging.update(all_at_once())
    staging.settle()

    assert "FailureReason" not in staging.describe()


def test_a_rollback_may_be_shown_as_rolling_back() -> None:
    staging = _alarmed(Scenario(switches=Switches(rollback_status="RollingBack")))
    staging.update(canary(alarms=GUARDED))
    staging.clock.advance(500)

    staging.set_alarm("ALARM")

    assert staging.describe()["EndpointStatus"] == "RollingBack"
