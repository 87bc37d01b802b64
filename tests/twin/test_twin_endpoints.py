"""Which call is legal when, and in which words the others are refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.staging import (
    HARDWARE,
    LAUNCH,
    ROLE,
    Staging,
    canary,
    count,
    linear,
    percent,
    refusal_of,
    rolling,
)

from switchover_local.twin.scenario import (
    Behaviour,
    ModelBehaviour,
    Scenario,
    Switches,
    SystemUpdate,
    Timings,
)

ARN = "arn:aws:sagemaker:us-east-1:000000000000"


def test_a_new_endpoint_is_creating_until_its_containers_are_healthy() -> None:
    staging = Staging()
    staging.create_config("v1")

    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")

    assert staging.describe()["EndpointStatus"] == "Creating"
    assert staging.settle() == LAUNCH
    assert staging.describe()["EndpointStatus"] == "InService"


def test_an_endpoint_whose_container_never_answers_is_failed_and_can_only_be_deleted() -> None:
    sick = ModelBehaviour(model="*/v1/", behaviour=Behaviour(unhealthy_from_instance=1))
    staging = Staging(Scenario(models=(sick,)))
    staging.create_config("v1")
    staging.create_config("v2")
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")
    staging.settle()

    assert staging.describe()["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in staging.describe()["FailureReason"]
    with pytest.raises(ClientError, match="ValidationException"):
        staging.update(None)
    staging.sagemaker.delete_endpoint(EndpointName="demo")


def test_a_deleted_endpoint_is_deleting_and_then_not_to_be_found() -> None:
    staging = Staging().begin()

    staging.sagemaker.delete_endpoint(EndpointName="demo")

    assert staging.describe()["EndpointStatus"] == "Deleting"
    staging.clock.advance(20)
    with pytest.raises(ClientError) as refused:
        staging.describe()
    assert refusal_of(refused.value) == (
        "ValidationException",
        f'Could not find endpoint "{ARN}:endpoint/demo".',
    )


def test_an_endpoint_can_not_be_created_while_its_namesake_is_being_deleted() -> None:
    staging = Staging().begin()
    staging.sagemaker.delete_endpoint(EndpointName="demo")

    with pytest.raises(ClientError, match="Cannot create already existing endpoint "):
        staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")


def _update(staging: Staging) -> None:
    staging.update(None)


def _resize(staging: Staging) -> None:
    staging.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="demo",
        DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": 5}],
    )


def _delete(staging: Staging) -> None:
    staging.sagemaker.delete_endpoint(EndpointName="demo")


@pytest.mark.parametrize("call", [_update, _resize, _delete])
def test_an_endpoint_in_progress_refuses_every_change(call: Any) -> None:
    staging = Staging().begin()
    staging.update(canary())

    with pytest.raises(ClientError) as refused:
        call(staging)

    assert refusal_of(refused.value) == (
        "ValidationException",
        f'Cannot update in-progress endpoint "{ARN}:endpoint/demo".',
    )


@pytest.mark.parametrize("call", [_update, _resize, _delete])
def test_an_endpoint_that_aws_maintains_refuses_every_change(call: Any) -> None:
    staging = Staging().begin()
    staging.twin.inject(SystemUpdate(endpoint="demo", lasts_seconds=600))
    staging.clock.advance(1)

    assert staging.describe()["EndpointStatus"] == "SystemUpdating"
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        call(staging)
    staging.clock.advance(600)
    assert staging.describe()["EndpointStatus"] == "InService"


def test_a_creating_endpoint_can_not_be_deleted() -> None:
    staging = Staging()
    staging.create_config("v1")
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")

    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        _delete(staging)


def test_an_unknown_config_is_not_found() -> None:
    staging = Staging().begin()

    with pytest.raises(ClientError) as refused:
        staging.update(None, to="nowhere")

    expected = f'Could not find endpoint configuration "{ARN}:endpoint-config/nowhere".'
    assert refusal_of(refused.value) == ("ValidationException", expected)


def test_a_config_name_can_not_be_used_twice() -> None:
    staging = Staging().begin()

    with pytest.raises(ClientError) as refused:
        staging.configure("v1", "config-v1")

    assert refusal_of(refused.value)[1] == (
        f'Cannot create already existing endpoint configuration "{ARN}:endpoint-config/config-v1".'
    )


def test_a_config_just_created_may_not_be_found_yet() -> None:
    staging = Staging(Scenario(timings=Timings(config_visible_after_seconds=5)))
    staging.create_config("v1")

    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")

    staging.clock.advance(5)
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")


def test_the_old_config_can_be_deleted_while_it_serves_and_is_then_no_way_back() -> None:
    staging = Staging().begin()
    staging.sagemaker.delete_endpoint_config(EndpointConfigName="config-v1")
    staging.update(canary())
    staging.settle()

    assert staging.describe()["EndpointConfigName"] == "config-v2"
    with pytest.raises(ClientError, match="Could not find endpoint configuration"):
        staging.update(None, to="config-v1")


def test_the_quota_refuses_what_would_exceed_it_in_aws_words() -> None:
    staging = Staging(Scenario(quotas={HARDWARE: 6})).begin(instances=4)

    with pytest.raises(staging.sagemaker.exceptions.ResourceLimitExceeded) as refused:
        staging.update(canary())

    assert refusal_of(refused.value)[1].startswith(
        f"The account-level service limit '{HARDWARE} for endpoint usage' is 6 Instances, with "
        "current utilization of 4 Instances and a request delta of 4 Instances."
    )
    assert staging.describe()["EndpointStatus"] == "InService"


def test_rolling_needs_headroom_for_one_batch_only() -> None:
    staging = Staging(Scenario(quotas={HARDWARE: 6})).begin(instances=4)

    staging.update(rolling(size=2))
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


GUIDES_EXAMPLE = {
    "RollingUpdatePolicy": {
        "MaximumExecutionTimeoutInSeconds": 3600,
        "WaitIntervalInSeconds": 300,
        "MaximumBatchSize": {"Type": "CAPACITY_PERCENTAGE", "Value": 25},
        "RollbackMaximumBatchSize": {"Type": "CAPACITY_PERCENTAGE", "Value": 100},
    }
}


def test_the_guides_capacity_percentage_is_refused_by_name() -> None:
    staging = Staging().begin()

    with pytest.raises(ClientError) as refused:
        staging.update(GUIDES_EXAMPLE)

    message = refusal_of(refused.value)[1]
    assert message.startswith("2 validation errors detected: Value 'CAPACITY_PERCENTAGE' at ")
    assert "deploymentConfig.rollingUpdatePolicy.maximumBatchSize.type" in message
    assert "Member must satisfy enum value set: [INSTANCE_COUNT, CAPACITY_PERCENT]" in message


@pytest.mark.parametrize(
    ("deployment", "complaint"),
    [
        (rolling(wait=3601), "Member must have value less than or equal to 3600"),
        (
            rolling(MaximumExecutionTimeoutInSeconds=28_801),
            "Member must have value less than or equal to 28800",
        ),
        (rolling() | canary(), "Only one of"),
        (canary(size=3), "CanarySize"),
        (rolling(size=3), "MaximumBatchSize"),
        (linear(size=3), "LinearStepSize"),
        (rolling(RollbackMaximumBatchSize=count(5)), "RollbackMaximumBatchSize"),
        (rolling(RollbackMaximumBatchSize=percent(101)), "RollbackMaximumBatchSize"),
        (rolling(size=1, wait=300, MaximumExecutionTimeoutInSeconds=1200), "must exceed"),
        (
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 1}
                }
            },
            "CanarySize must be specified",
        ),
    ],
)
def test_a_deployment_config_out_of_bounds_is_refused(
    deployment: dict[str, Any], complaint: str
) -> None:
    staging = Staging().begin(instances=4)

    with pytest.raises(ClientError, match=complaint):
        staging.update(deployment)

    assert staging.describe()["EndpointStatus"] == "InService"


@pytest.mark.parametrize("deployment", [canary(), linear(), rolling()])
def test_one_instance_is_too_few_for_guardrails(deployment: dict[str, Any]) -> None:
    staging = Staging().begin(instances=1)

    with pytest.raises(ClientError, match="instance count, which is 1"):
        staging.update(deployment)


def test_one_instance_may_be_enough_for_guardrails() -> None:
    staging = Staging(Scenario(switches=Switches(single_instance_guardrail="accepted")))
    staging.begin(instances=1)

    staging.update(canary())
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"


def test_guardrails_want_the_same_variant_names() -> None:
    staging = Staging().begin()
    staging.configure("v2", "renamed", VariantName="other")

    with pytest.raises(ClientError, match="same variant names"):
        staging.update(canary(), to="renamed")


def test_rolling_wants_a_single_variant() -> None:
    staging = Staging()
    staging.create_config("v1")
    variants = [
        {
            "VariantName": name,
            "ModelName": "model-v1",
            "InitialInstanceCount": 2,
            "InstanceType": HARDWARE,
        }
        for name in ("a", "b")
    ]
    for name in ("two", "two-more"):
        staging.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=variants
        )
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="two")
    staging.clock.advance(LAUNCH)

    with pytest.raises(ClientError, match="multiple variants"):
        staging.update(rolling(), to="two-more")
    staging.update(canary(), to="two-more")
    staging.settle()
    assert staging.twin.serving_config("demo") == "two-more"


def test_a_scalable_target_stands_against_another_instance_type() -> None:
    staging = Staging().begin()
    staging.configure("v2", "bigger", InstanceType="ml.g6e.4xlarge")
    scaling = staging.twin.client("application-autoscaling")
    scaling.register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/demo/variant/main",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=1,
        MaxCapacity=8,
    )

    with pytest.raises(ClientError, match="deregistered as scalable targets"):
        staging.update(canary(), to="bigger")
    staging.update(canary())


def test_deleting_an_endpoint_deregisters_its_scalable_targets() -> None:
    staging = Staging().begin()
    scaling = staging.twin.client("application-autoscaling")
    scaling.register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/demo/variant/main",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=1,
        MaxCapacity=8,
    )

    _delete(staging)

    found = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    assert found["ScalableTargets"] == []


def test_a_resize_shows_itself_on_the_variant_at_the_top() -> None:
    staging = Staging().begin(instances=2)

    _resize(staging)
    answer = staging.describe()

    assert answer["EndpointStatus"] == "Updating"
    assert "PendingDeploymentSummary" not in answer
    status = answer["ProductionVariants"][0]["VariantStatus"][0]
    assert status["StatusMessage"] == "Scaling out desired instance count to 5."
    assert staging.settle() == LAUNCH
    assert staging.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 5


def test_the_images_that_run_are_described_for_the_old_and_the_new_fleet() -> None:
    staging = Staging().begin()
    staging.update(canary())

    answer = staging.describe()

    pending = answer["PendingDeploymentSummary"]["ProductionVariants"]
    fleets = [variant["DeployedImages"] for variant in (*answer["ProductionVariants"], *pending)]
    assert [[image["SpecifiedImage"] for image in images] for images in fleets] == [["vllm"]] * 2
    assert all(images[0]["ResolvedImage"].startswith("vllm@sha256:") for images in fleets)
    assert "DeployedImages" not in str(staging.events)


def test_a_resize_without_capacity_goes_back_and_says_why() -> None:
    staging = Staging(Scenario(capacity={HARDWARE: 3})).begin(instances=2)

    _resize(staging)
    staging.settle()

    variant = staging.describe()["ProductionVariants"][0]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (2, 2)
    assert "InsufficientInstanceCapacity" in staging.describe()["FailureReason"]


def test_scaling_in_takes_instances_away() -> None:
    staging = Staging().begin(instances=4)

    staging.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="demo",
        DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": 1}],
    )
    staging.settle()

    assert staging.twin.instances("demo")[-1].total == 1


def test_a_missing_alarm_may_be_refused() -> None:
    staging = Staging(Scenario(switches=Switches(missing_alarm="refused"))).begin()

    with pytest.raises(ClientError, match="Alarm nowhere does not exist"):
        staging.update(canary(alarms=("nowhere",)))


def test_a_described_config_is_what_was_created() -> None:
    staging = Staging()
    staging.create_config("v1", ContainerStartupHealthCheckTimeoutInSeconds=600)

    found = staging.sagemaker.describe_endpoint_config(EndpointConfigName="config-v1")

    assert found["ProductionVariants"] == [
        {
            "VariantName": "main",
            "ModelName": "model-v1",
            "InitialInstanceCount": 4,
            "InstanceType": HARDWARE,
            "InitialVariantWeight": 1.0,
            "ContainerStartupHealthCheckTimeoutInSeconds": 600,
        }
    ]
    assert "Tags" not in found


def test_a_volume_on_an_instance_with_local_disks_is_refused() -> None:
    staging = Staging()

    with pytest.raises(ClientError, match="VolumeSizeInGB is not supported"):
        staging.create_config("v1", VolumeSizeInGB=100)


def test_a_model_prefix_without_its_slash_is_refused() -> None:
    staging = Staging()
    source = {"S3Uri": "s3://models/v1", "S3DataType": "S3Prefix", "CompressionType": "None"}

    with pytest.raises(ClientError, match="must end with a forward slash"):
        staging.sagemaker.create_model(
            ModelName="m",
            PrimaryContainer={"Image": "vllm", "ModelDataSource": {"S3DataSource": source}},
            ExecutionRoleArn=ROLE,
        )


def test_tags_are_kept_apart_from_what_is_described() -> None:
    staging = Staging().begin()
    arn = f"{ARN}:endpoint/demo"
    staging.sagemaker.add_tags(
        ResourceArn=arn, Tags=[{"Key": "team", "Value": "vlm"}, {"Key": "tier", "Value": "prod"}]
    )

    staging.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["tier"])

    tags = staging.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "vlm"}]


def test_lists_come_in_pages_newest_first() -> None:
    staging = Staging()
    for version in ("v1", "v2", "v3"):
        staging.create_config(version)
        staging.clock.advance(1)

    pages = staging.sagemaker.get_paginator("list_endpoint_configs").paginate(
        PaginationConfig={"PageSize": 2}
    )

    names = [c["EndpointConfigName"] for page in pages for c in page["EndpointConfigs"]]
    assert names == ["config-v3", "config-v2", "config-v1"]


def test_lists_can_be_narrowed_by_name_and_status() -> None:
    staging = Staging().begin()
    staging.sagemaker.create_endpoint(EndpointName="second", EndpointConfigName="config-v1")

    creating = staging.sagemaker.list_endpoints(StatusEquals="Creating")["Endpoints"]
    named = staging.sagemaker.list_endpoints(NameContains="em")["Endpoints"]

    assert [e["EndpointName"] for e in creating] == ["second"]
    assert [e["EndpointName"] for e in named] == ["demo"]
