"""Each strategy's timeline: who serves when, what exists when, what AWS says meanwhile."""

from __future__ import annotations

import time

import pytest
from tests.support.staging import (
    HARDWARE,
    LAUNCH,
    Staging,
    all_at_once,
    canary,
    count,
    linear,
    percent,
    rolling,
)

from switchover_local.twin.scenario import Scenario, Switches


def test_all_at_once_bakes_the_termination_wait_on_full_capacity() -> None:
    staging = Staging().begin(instances=2)

    staging.update(all_at_once(termination_wait=300))
    took = staging.settle()

    assert took == 480 + 10 + 300 + 30
    assert staging.timeline() == [
        (0, 2, 0, 2, 2),
        (490, 0, 2, 2, 2),
        (820, 2, 0, 2, 0),
    ]


def test_a_canary_bakes_its_share_before_the_rest_follows() -> None:
    staging = Staging().begin(instances=4)

    staging.update(canary(size=1, wait=600, termination_wait=300))
    staging.settle()

    assert staging.timeline() == [
        (0, 4, 0, 4, 4),
        (490, 4, 1, 4, 4),
        (1100, 0, 4, 4, 4),
        (1430, 4, 0, 4, 0),
    ]


def test_a_canary_reaches_a_fifth_of_the_traffic_beside_four_old_instances() -> None:
    staging = Staging().begin(instances=4)

    staging.update(canary(size=1))
    staging.clock.advance(500)

    assert staging.twin.traffic_shares("demo") == pytest.approx(
        {"config-v1": 0.8, "config-v2": 0.2}
    )


def test_a_canary_may_take_its_old_peers_out_of_the_traffic() -> None:
    switches = Switches(canary_frees_old_instances=True)
    staging = Staging(Scenario(switches=switches)).begin(instances=2)

    staging.update(canary(size=1))
    staging.clock.advance(500)

    assert staging.twin.traffic_shares("demo") == {"config-v1": 0.5, "config-v2": 0.5}


def test_linear_steps_keep_the_serving_count_and_wait_between_steps_only() -> None:
    staging = Staging().begin(instances=4)

    staging.update(linear(size=2, wait=600, termination_wait=300))
    staging.settle()

    assert staging.timeline() == [
        (0, 4, 0, 4, 4),
        (490, 2, 2, 4, 4),
        (1100, 0, 4, 4, 4),
        (1430, 4, 0, 4, 0),
    ]


def test_the_last_linear_step_may_wait_too() -> None:
    staging = Staging(Scenario(switches=Switches(linear_last_step_waits=True))).begin(instances=4)

    staging.update(linear(size=2, wait=600, termination_wait=300))

    assert staging.settle() == 480 + 2 * (10 + 600) + 300 + 30


def test_rolling_replaces_batch_by_batch_within_one_batch_of_extra_capacity() -> None:
    staging = Staging().begin(instances=4)

    staging.update(rolling(size=2, wait=300))
    staging.settle()

    assert staging.timeline() == [
        (0, 4, 0, 4, 2),
        (490, 2, 2, 4, 2),
        (820, 2, 2, 2, 4),
        (1310, 0, 4, 2, 4),
        (1640, 4, 0, 4, 0),
    ]
    assert staging.twin.peak_instances("demo") == 6


def test_a_rolling_rest_is_a_smaller_batch() -> None:
    staging = Staging().begin(instances=5)

    staging.update(rolling(size=2, wait=300))
    took = staging.settle()

    assert took == 3 * (480 + 10 + 300 + 30)
    assert "Launching 1 instance(s)." in staging.messages()


def test_an_update_without_deployment_config_is_all_at_once_without_a_bake() -> None:
    staging = Staging().begin(instances=2)

    staging.update(None)

    assert staging.settle() == 480 + 10 + 30
    assert not [message for message in staging.messages() if message.startswith("Baking")]


def test_describe_keeps_the_old_config_on_top_until_the_new_one_has_won() -> None:
    staging = Staging().begin(instances=4)

    staging.update(canary(size=1, wait=600))
    staging.clock.advance(500)
    answer = staging.describe()

    assert (answer["EndpointStatus"], answer["EndpointConfigName"]) == ("Updating", "config-v1")
    assert answer["ProductionVariants"][0]["CurrentInstanceCount"] == 4
    pending = answer["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "config-v2"
    variant = pending["ProductionVariants"][0]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 4)
    assert variant["VariantStatus"][0]["Status"] == "Baking"
    assert "StageName" not in pending


def test_describe_names_the_new_config_and_nothing_pending_afterwards() -> None:
    staging = Staging().begin()

    staging.update(canary())
    staging.settle()
    answer = staging.describe()

    assert (answer["EndpointStatus"], answer["EndpointConfigName"]) == ("InService", "config-v2")
    assert "PendingDeploymentSummary" not in answer
    assert answer["LastDeploymentConfig"] == canary()


def test_every_moment_of_a_canary_is_told_in_aws_words() -> None:
    staging = Staging().begin(instances=4)

    staging.update(canary(size=1, wait=600, termination_wait=300))
    staging.settle()

    assert staging.messages() == [
        "Launching 4 instance(s).",
        "Activating traffic on canary capacity of 1 instance(s).",
        (
            "Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on canary capacity "
            "of 1 instance(s)."
        ),
        "Activating traffic on full capacity of 4 instance(s).",
        (
            "Baking for 300 seconds (TerminationWaitInSeconds) with traffic enabled on full capacity "
            "of 4 instance(s)."
        ),
        "Terminating 4 instance(s).",
    ]


def test_percentages_are_rounded_down_but_never_to_nothing() -> None:
    staging = Staging().begin(instances=4)
    deployment = rolling()
    deployment["RollingUpdatePolicy"]["MaximumBatchSize"] = percent(10)

    staging.update(deployment)

    assert staging.twin.peak_instances("demo") == 5


def test_percentages_may_be_rounded_up() -> None:
    staging = Staging(Scenario(switches=Switches(percent_rounding="up"))).begin(instances=4)
    deployment = rolling()
    deployment["RollingUpdatePolicy"]["MaximumBatchSize"] = percent(30)

    staging.update(deployment)

    assert staging.twin.peak_instances("demo") == 6


def test_retained_counts_survive_the_new_config() -> None:
    staging = Staging().begin(instances=2)
    staging.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="demo",
        DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": 3}],
    )
    staging.settle()

    staging.sagemaker.update_endpoint(
        EndpointName="demo", EndpointConfigName="config-v2", RetainAllVariantProperties=True
    )
    staging.settle()

    assert staging.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 3


def test_excluded_counts_are_reset_to_the_new_config() -> None:
    staging = Staging().begin(instances=2)
    staging.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="demo",
        DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": 3}],
    )
    staging.settle()

    staging.sagemaker.update_endpoint(
        EndpointName="demo",
        EndpointConfigName="config-v2",
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredInstanceCount"}],
    )
    staging.settle()

    assert staging.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 2


def test_a_retained_deployment_config_guards_the_next_update() -> None:
    staging = Staging().begin(instances=4)
    staging.update(rolling(size=1, wait=300))
    staging.settle()

    staging.sagemaker.update_endpoint(
        EndpointName="demo", EndpointConfigName="config-v1", RetainDeploymentConfig=True
    )

    assert staging.settle() == 4 * (480 + 10 + 300 + 30)


def test_an_inf1_endpoint_silently_loses_its_guardrails() -> None:
    staging = Staging()
    staging.create_config("v1", 2, InstanceType="ml.inf1.xlarge")
    staging.create_config("v2", 2, InstanceType="ml.inf1.xlarge")
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")
    staging.clock.advance(LAUNCH)

    staging.update(canary(size=1, wait=600))

    assert staging.settle() == 480 + 10 + 30
    assert staging.messages() == []


def test_a_marketplace_model_silently_loses_its_guardrails() -> None:
    scenario = Scenario(marketplace_models=frozenset({"model-v2"}))
    staging = Staging(scenario).begin(instances=2)

    staging.update(canary(size=1, wait=600))

    assert staging.settle() == 480 + 10 + 30


def test_a_slow_rollout_of_hours_takes_a_moment_in_real_time() -> None:
    staging = Staging(Scenario(quotas={HARDWARE: 21})).begin(instances=20)
    staging.put_alarm()
    started = time.process_time()

    staging.update(rolling(size=1, wait=900, alarms=("guard",)))
    took = staging.settle()

    assert took > 6 * 3600
    assert time.process_time() - started < 1.0


def test_the_same_seed_gives_the_same_run_to_the_millisecond() -> None:
    first, second = Staging().begin(), Staging().begin()

    for staging in (first, second):
        staging.update(linear(size=2))
        staging.settle()

    assert first.events == second.events


def test_a_rolling_rollback_size_is_accepted() -> None:
    staging = Staging().begin(instances=4)

    staging.update(rolling(size=1, RollbackMaximumBatchSize=count(2)))

    assert staging.describe()["EndpointStatus"] == "Updating"
