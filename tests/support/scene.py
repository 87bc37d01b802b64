"""What is there before a story begins: storage, an endpoint that serves v1, its autoscaling."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.clients import bucket as settings_of
from tests.support.clients import client
from tests.support.ledger_table import create_table
from tests.support.template import ACCOUNT

from switchover_cli.doctor.protection import protecting_statements
from switchover_local.twin.cloudwatch.alarm_rules import StateValue

if TYPE_CHECKING:
    from tests.support.world import World

    from switchover_local.twin.clock import SteppedClock

ENDPOINT = "vlm"
VARIANT = "AllTraffic"
FIRST_CONFIG = "vlm-v1"
INSTANCE_TYPE = "ml.g6e.2xlarge"
_FIRST_INSTANCES = 2
_COMING_UP_SECONDS = 1800


def create_storage(bucket: str, table: str) -> None:
    """Make the model bucket and the ledger's table as the template asks for them."""
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    # Kept directly, because every story would pay for three more requests.
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    protection = {"Statement": protecting_statements("aws", bucket)}
    settings_of(bucket).settings |= {
        "NotificationConfiguration": {"EventBridgeConfiguration": {}},
        "PublicAccessBlockConfiguration": dict.fromkeys(blocks, True),
        "Policy": json.dumps(protection),
    }
    create_table(client("dynamodb"), table)


def create_endpoint(bucket: str, clock: SteppedClock, instances: int) -> None:
    """Bring up `instances` that serve v1. Their number isn't the config's, as after autoscaling."""
    sagemaker = client("sagemaker")
    weights = f"models/{ENDPOINT}/v1/model.safetensors"
    client("s3").put_object(Bucket=bucket, Key=weights, Body=b"v1")
    sagemaker.create_model(
        ModelName=FIRST_CONFIG,
        ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/SageMakerModel",
        PrimaryContainer={
            "Image": "vllm:1",
            "Environment": {"SM_VLLM_MAX_MODEL_LEN": "8192"},
            "ModelDataSource": {
                "S3DataSource": {
                    "S3Uri": f"s3://{bucket}/models/{ENDPOINT}/v1/",
                    "S3DataType": "S3Prefix",
                    "CompressionType": "None",
                }
            },
        },
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=FIRST_CONFIG,
        ProductionVariants=[
            {
                "VariantName": VARIANT,
                "ModelName": FIRST_CONFIG,
                "InstanceType": INSTANCE_TYPE,
                "InitialInstanceCount": _FIRST_INSTANCES,
                "ContainerStartupHealthCheckTimeoutInSeconds": 600,
            }
        ],
    )
    sagemaker.create_endpoint(
        EndpointName=ENDPOINT,
        EndpointConfigName=FIRST_CONFIG,
        Tags=[{"Key": "team", "Value": "vision"}],
    )
    clock.advance(_COMING_UP_SECONDS)
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": instances}],
    )
    clock.advance(_COMING_UP_SECONDS)


def create_scaling(instances: int) -> None:
    """Let the fleet scale, but for its scheduled actions, which somebody suspended."""
    scaling = client("application-autoscaling")
    where = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{ENDPOINT}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling.register_scalable_target(
        **where,
        MinCapacity=1,
        MaxCapacity=instances + 4,
        SuspendedState={"ScheduledScalingSuspended": True},
    )
    scaling.put_scaling_policy(
        **where,
        PolicyName="follow-the-load",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    )
    scaling.put_scheduled_action(
        **where,
        ScheduledActionName="every-morning",
        Schedule="cron(0 6 * * ? *)",
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": instances + 4},
    )


def put_alarm(world: World, name: str) -> None:
    """An alarm of the endpoint's team that stays as it is put, since no data come in."""
    world.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="Shop",
        MetricName="Refunds",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    world.twin.alarms.set_state(name, StateValue.OK, "all is well")
