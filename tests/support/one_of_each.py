"""A story that calls every operation of the twin once, and keeps the answers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape
from tests.support.staging import Staging, canary

from switchover_local.twin.wire.protocol import service_models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

    from switchover_local.twin.wire.messages import Answer
    from switchover_local.twin.wire.service import Operation

Name = tuple[str, str]
ENDPOINT = {"EndpointName": "demo"}
VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/demo/variant/main",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
METRIC = {"Namespace": "N", "MetricName": "m"}
QUOTAS = {"ServiceCode": "sagemaker"}


def every_operation() -> list[Name]:
    """Service and operation, of all that the twin models."""
    services = Staging().twin.services
    return sorted((name, each) for name, found in services.items() for each in found.operations)


def play() -> dict[Name, list[Answer]]:
    """Call every operation; the answers by service and operation."""
    staging = Staging()
    answers: dict[Name, list[Answer]] = {}
    for name, service in staging.twin.services.items():
        for operation, perform in service.operations.items():
            kept = answers.setdefault((name, operation), [])
            service.operations[operation] = _keeping(perform, kept)
    staging.begin()
    _watch(staging)
    _scale(staging)
    _serve(staging)
    _ask_for_quotas(staging)
    _delete(staging)
    return answers


def unknown_members(value: object, shape: Shape | None, path: str = "") -> Iterator[str]:
    """The members of an answer that AWS's model doesn't have."""
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        for name, item in value.items():
            if name not in shape.members:
                yield f"{path}.{name}"
            else:
                yield from unknown_members(item, shape.members[name], f"{path}.{name}")
    elif isinstance(value, list) and isinstance(shape, ListShape):
        for item in value:
            yield from unknown_members(item, shape.member, path)
    elif isinstance(value, dict) and isinstance(shape, MapShape):
        for item in value.values():
            yield from unknown_members(item, shape.value, path)
    elif value and shape is None:
        yield path


def output_shape(service: str, operation: str) -> Shape | None:
    """What AWS's model says of an operation's answer."""
    return service_models()[service].operation_model(operation).output_shape


def _keeping(perform: Operation, kept: list[Answer]) -> Operation:
    def keep(params: dict[str, Any]) -> Answer:
        kept.append(perform(params))
        return kept[-1]

    return keep


def _watch(staging: Staging) -> None:
    cloudwatch, now = staging.cloudwatch, staging.clock.now()
    staging.put_alarm(Tags=[{"Key": "a", "Value": "1"}])
    cloudwatch.put_composite_alarm(AlarmName="whole", AlarmRule="ALARM(guard)")
    staging.set_alarm("OK")
    cloudwatch.put_metric_data(
        Namespace="N", MetricData=[{"MetricName": "m", "Value": 1.0, "Timestamp": now}]
    )
    arn = cloudwatch.describe_alarms()["MetricAlarms"][0]["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloudwatch.list_tags_for_resource(ResourceARN=arn)
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["b"])
    cloudwatch.disable_alarm_actions(AlarmNames=["guard"])
    cloudwatch.enable_alarm_actions(AlarmNames=["guard"])
    cloudwatch.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    cloudwatch.describe_alarms_for_metric(
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": "EndpointName", "Value": "demo"}],
    )
    cloudwatch.describe_alarm_history(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    cloudwatch.list_metrics(Namespace="N")
    window = {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(hours=1)}
    cloudwatch.get_metric_statistics(
        **METRIC, **window, Period=60, Statistics=["Sum"], ExtendedStatistics=["p99"]
    )
    stat = {"Metric": METRIC, "Period": 60, "Stat": "Sum"}
    cloudwatch.get_metric_data(MetricDataQueries=[{"Id": "m1", "MetricStat": stat}], **window)


def _scale(staging: Staging) -> None:
    scaling = staging.twin.client("application-autoscaling")
    arn = scaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=8)[
        "ScalableTargetARN"
    ]
    scaling.put_scaling_policy(
        **VARIANT,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0},
    )
    scaling.put_scheduled_action(
        **VARIANT,
        ScheduledActionName="a",
        Schedule="rate(1 day)",
        ScalableTargetAction={"MinCapacity": 1},
    )
    scaling.tag_resource(ResourceARN=arn, Tags={"a": "1"})
    scaling.list_tags_for_resource(ResourceARN=arn)
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    scaling.describe_scaling_policies(ServiceNamespace="sagemaker")
    scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")
    scaling.delete_scaling_policy(**VARIANT, PolicyName="p")
    scaling.delete_scheduled_action(**VARIANT, ScheduledActionName="a")
    scaling.deregister_scalable_target(**VARIANT)


def _serve(staging: Staging) -> None:
    sagemaker, runtime = staging.sagemaker, staging.twin.client("sagemaker-runtime")
    arn = staging.describe()["EndpointArn"]
    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    sagemaker.list_tags(ResourceArn=arn)
    sagemaker.delete_tags(ResourceArn=arn, TagKeys=["a"])
    sagemaker.put_endpoint_policy(**ENDPOINT, ResourcePolicy="{}")
    sagemaker.get_endpoint_policy(**ENDPOINT)
    sagemaker.describe_model(ModelName="model-v1")
    sagemaker.describe_endpoint_config(EndpointConfigName="config-v1")
    sagemaker.list_models()
    sagemaker.list_endpoint_configs()
    sagemaker.list_endpoints()
    runtime.invoke_endpoint(**ENDPOINT, Body=b"{}")
    runtime.invoke_endpoint_with_response_stream(**ENDPOINT, Body=b"{}")
    sagemaker.update_endpoint_weights_and_capacities(
        **ENDPOINT, DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredWeight": 2.0}]
    )
    staging.settle()
    staging.update(canary())
    staging.clock.advance(500)
    staging.describe()
    staging.settle()


def _ask_for_quotas(staging: Staging) -> None:
    quotas = staging.twin.client("service-quotas")
    code = quotas.list_service_quotas(**QUOTAS)["Quotas"][0]["QuotaCode"]
    quotas.list_aws_default_service_quotas(**QUOTAS)
    quotas.get_service_quota(**QUOTAS, QuotaCode=code)
    quotas.get_aws_default_service_quota(**QUOTAS, QuotaCode=code)


def _delete(staging: Staging) -> None:
    staging.cloudwatch.delete_alarms(AlarmNames=["whole"])
    staging.sagemaker.delete_endpoint(**ENDPOINT)
    staging.sagemaker.delete_endpoint_config(EndpointConfigName="config-v1")
    staging.sagemaker.delete_model(ModelName="model-v1")
