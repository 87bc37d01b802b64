"""What AWS's pages and the guide show as examples, asked of the twin as it stands there.

Sources: deployment-guardrails-blue-green-{all-at-once,canary,linear}, deployment-guardrails-rolling,
automating-sagemaker-with-eventbridge; values only, in this file's own shape.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.staging import Staging, canary, percent, refusal_of

from switchover_local.twin.scenario import Scenario
from switchover_local.twin.wire.messages import Request

ALARMS = {"Alarms": [{"AlarmName": "ModelLatency-High"}, {"AlarmName": "ModelErrors-High"}]}


def _blue_green(waits: tuple[int, int, int], **routing: Any) -> dict[str, Any]:
    wait, termination_wait, deadline = waits
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"WaitIntervalInSeconds": wait, **routing},
            "TerminationWaitInSeconds": termination_wait,
            "MaximumExecutionTimeoutInSeconds": deadline,
        },
        "AutoRollbackConfiguration": ALARMS,
    }


def _rolling(size: dict[str, Any], back: dict[str, Any]) -> dict[str, Any]:
    return {
        "RollingUpdatePolicy": {
            "MaximumExecutionTimeoutInSeconds": 3600,
            "WaitIntervalInSeconds": 300,
            "MaximumBatchSize": size,
            "RollbackMaximumBatchSize": back,
        },
        "AutoRollbackConfiguration": ALARMS,
    }


def _percentage(value: int) -> dict[str, Any]:
    """The type that the guide and AWS's rolling page write, and that doesn't exist (rules §8.1)."""
    return {"Type": "CAPACITY_PERCENTAGE", "Value": value}


@pytest.mark.parametrize(
    ("deployment", "most_at_once"),
    [
        pytest.param(
            _blue_green((600, 600, 1800), Type="CANARY", CanarySize=percent(30)), 5, id="aws-canary"
        ),
        pytest.param(
            _blue_green((300, 300, 3600), Type="LINEAR", LinearStepSize=percent(20)),
            5,
            id="aws-linear",
        ),
        pytest.param(
            _blue_green((600, 300, 3600), Type="CANARY", CanarySize=percent(10)),
            5,
            id="guide-canary",
        ),
        pytest.param(
            _blue_green((300, 300, 3600), Type="LINEAR", LinearStepSize=percent(25)),
            5,
            id="guide-linear",
        ),
        pytest.param(_blue_green((300, 300, 3600), Type="ALL_AT_ONCE"), 5, id="guide-all-at-once"),
        pytest.param(_rolling(percent(25), percent(100)), 1, id="guide-rolling"),
    ],
)
def test_an_example_with_a_real_type_is_followed(
    deployment: dict[str, Any], most_at_once: int
) -> None:
    staging = Staging().begin(instances=5)

    staging.update(deployment)
    staging.clock.advance(480)

    assert staging.describe()["LastDeploymentConfig"] == deployment
    assert staging.twin.peak_instances("demo") == 5 + most_at_once


@pytest.mark.parametrize(
    ("deployment", "member"),
    [
        (
            _blue_green((600, 300, 3600), Type="CANARY", CanarySize=_percentage(10)),
            "blueGreenUpdatePolicy.trafficRoutingConfiguration.canarySize",
        ),
        (
            _blue_green((300, 300, 3600), Type="LINEAR", LinearStepSize=_percentage(25)),
            "blueGreenUpdatePolicy.trafficRoutingConfiguration.linearStepSize",
        ),
        (_rolling(_percentage(25), percent(100)), "rollingUpdatePolicy.maximumBatchSize"),
        (_rolling(percent(25), _percentage(100)), "rollingUpdatePolicy.rollbackMaximumBatchSize"),
    ],
    ids=["canary", "linear", "rolling", "rolling-back"],
)
def test_a_capacity_percentage_is_refused_by_its_name(
    deployment: dict[str, Any], member: str
) -> None:
    staging = Staging().begin(instances=2)

    with pytest.raises(ClientError) as refused:
        staging.update(deployment)

    code, message = refusal_of(refused.value)
    assert code == "ValidationException"
    assert f"Value 'CAPACITY_PERCENTAGE' at 'deploymentConfig.{member}.type'" in message
    assert "[INSTANCE_COUNT, CAPACITY_PERCENT]" in message
    assert staging.describe()["EndpointStatus"] == "InService"


def test_awss_all_at_once_example_lacks_a_required_wait() -> None:
    staging = Staging().begin(instances=2)
    policy = {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE"},
        "TerminationWaitInSeconds": 600,
        "MaximumExecutionTimeoutInSeconds": 1800,
    }
    body = {
        "EndpointName": "demo",
        "EndpointConfigName": "config-v2",
        "DeploymentConfig": {"BlueGreenUpdatePolicy": policy},
    }
    # Without boto3, which would not send it.
    request = Request(
        "POST", "/", {"x-amz-target": "SageMaker.UpdateEndpoint"}, json.dumps(body).encode()
    )

    response = staging.twin.handle(request)

    assert response is not None
    assert json.loads(response.body)["message"] == (
        "1 validation error detected: Value null at 'deploymentConfig.blueGreenUpdatePolicy."
        "trafficRoutingConfiguration.waitIntervalInSeconds' failed to satisfy constraint: Member "
        "must not be null"
    )


def test_the_guides_emergency_rollback_is_refused_while_it_matters() -> None:
    staging = Staging().begin(instances=2)
    staging.update(canary())

    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        staging.update(to="config-v1")


def test_the_guides_redeployment_finds_its_endpoint_gone_and_makes_it_again() -> None:
    staging = Staging().begin(instances=2)

    staging.sagemaker.delete_endpoint(EndpointName="demo")
    staging.clock.advance(60)
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v2")

    assert staging.settle() == 480
    assert staging.twin.serving_config("demo") == "config-v2"


# The deployment event of automating-sagemaker-with-eventbridge, abridged as in rules §5.
_VARIANT = {
    "VariantName": "AllTraffic",
    "CurrentWeight": 1,
    "DesiredWeight": 1,
    "CurrentInstanceCount": 3,
    "DesiredInstanceCount": 3,
}
_SAMPLE = {
    "version": "0",
    "id": "0bd4a141-0a02-9d8a-f977-3924c3fb259c",
    "detail-type": "SageMaker Endpoint Deployment State Change",
    "source": "aws.sagemaker",
    "account": "111122223333",
    "time": "2021-10-25T01:52:12Z",
    "region": "us-west-2",
    "resources": ["arn:aws:sagemaker:us-west-2:111122223333:endpoint/e"],
    "detail": {
        "EndpointName": "e",
        "EndpointArn": "arn:aws:sagemaker:us-west-2:111122223333:endpoint/e",
        "EndpointConfigName": "old",
        "EndpointStatus": "UPDATING",
        "ProductionVariants": [_VARIANT],
        "CreationTime": 1635195148181,
        "LastModifiedTime": 1635195148181,
        "Tags": {},
        "PendingDeploymentSummary": {
            "EndpointConfigName": "new",
            "StartTime": 1635195148181,
            "ProductionVariants": [
                _VARIANT
                | {
                    "CurrentInstanceCount": 1,
                    "VariantStatus": [
                        {
                            "Status": "Baking",
                            "StatusMessage": "Baking for 600 seconds (TerminationWaitInSeconds) "
                            "with traffic enabled on canary capacity of 1 instance(s).",
                            "StartTime": 1635195269181,
                        }
                    ],
                }
            ],
        },
    },
}
# Whatever one run chooses differently from the sample; everything else has to be equal.
_CHOSEN = {"id", "time", "EndpointName", "EndpointArn", "EndpointConfigName", "VariantName",
           "CreationTime", "LastModifiedTime", "StartTime", "resources"}  # fmt: skip


def _settled(value: Any) -> Any:
    """The value, with the type in place of whatever one run chooses."""
    if isinstance(value, dict):
        return {
            key: type(item).__name__ if key in _CHOSEN else _settled(item)
            for key, item in value.items()
        }
    return [_settled(item) for item in value] if isinstance(value, list) else value


def test_the_documented_deployment_event_is_told_field_by_field() -> None:
    scenario = Scenario(region="us-west-2", account="111122223333")
    staging = Staging(scenario).begin(instances=3)
    staging.update(canary(size=1, wait=600))
    staging.clock.advance(490)

    told = json.loads(json.dumps(staging.events[-1]))

    (pending,) = told["detail"]["PendingDeploymentSummary"]["ProductionVariants"]
    assert pending.pop("InstanceType") == "ml.g6e.2xlarge"  # in DescribeEndpoint's shape, not here
    # The sample names TerminationWaitInSeconds for a canary's bake, probably a slip (rules §2.5).
    (status,) = pending["VariantStatus"]
    status["StatusMessage"] = status["StatusMessage"].replace("WaitInterval", "TerminationWait")
    assert _settled(told) == _settled(_SAMPLE)
