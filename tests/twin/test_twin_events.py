"""The events that the twin sends, in AWS's shape, and what befalls them on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.staging import LAUNCH, Staging, canary

from switchover_local.twin.scenario import EventFault, Scenario, Switches

STATE = "SageMaker Endpoint State Change"
DEPLOYMENT = "SageMaker Endpoint Deployment State Change"
ALARM = "CloudWatch Alarm State Change"
# 2026-01-05T12:00:00Z; the endpoint is created then and updated LAUNCH seconds later.
START_MS = 1_767_614_400_000


def _of(staging: Staging, detail_type: str) -> list[dict[str, Any]]:
    return [event for event in staging.events if event["detail-type"] == detail_type]


def test_a_baking_canary_is_told_as_aws_tells_it() -> None:
    scenario = Scenario(region="us-west-2", account="111122223333")
    staging = Staging(scenario).begin(instances=3)
    staging.update(canary(size=1, wait=600))
    staging.clock.advance(490)

    event = _of(staging, DEPLOYMENT)[-1]

    event_id = event.pop("id")
    assert len(event_id) == 36
    arn = "arn:aws:sagemaker:us-west-2:111122223333:endpoint/demo"
    updated_ms = START_MS + LAUNCH * 1000
    assert event == {
        "version": "0",
        "detail-type": DEPLOYMENT,
        "source": "aws.sagemaker",
        "account": "111122223333",
        "time": "2026-01-05T12:16:10Z",
        "region": "us-west-2",
        "resources": [arn],
        "detail": {
            "EndpointName": "demo",
            "EndpointArn": arn,
            "EndpointConfigName": "config-v1",
            "EndpointStatus": "UPDATING",
            "ProductionVariants": [
                {
                    "VariantName": "main",
                    "CurrentWeight": 1.0,
                    "DesiredWeight": 1.0,
                    "CurrentInstanceCount": 3,
                    "DesiredInstanceCount": 3,
                }
            ],
            "CreationTime": START_MS,
            "LastModifiedTime": updated_ms,
            "Tags": {},
            "PendingDeploymentSummary": {
                "EndpointConfigName": "config-v2",
                "StartTime": updated_ms,
                "ProductionVariants": [
                    {
                        "VariantName": "main",
                        "CurrentWeight": 1.0,
                        "DesiredWeight": 1.0,
                        "CurrentInstanceCount": 1,
                        "DesiredInstanceCount": 3,
                        "InstanceType": "ml.g6e.2xlarge",
                        "VariantStatus": [
                            {
                                "Status": "Baking",
                                "StatusMessage": "Baking for 600 seconds (WaitIntervalInSeconds) "
                                "with traffic enabled on canary capacity of 1 instance(s).",
                                "StartTime": updated_ms + 490_000,
                            }
                        ],
                    }
                ],
            },
        },
    }


def test_every_event_is_json() -> None:
    staging = Staging().begin()
    staging.put_alarm()
    staging.set_alarm("OK")
    staging.update(canary(alarms=("guard",)))
    staging.settle()

    assert json.loads(json.dumps(staging.events)) == staging.events


def test_each_status_is_told_in_upper_snake() -> None:
    staging = Staging().begin()
    staging.update(canary())
    staging.settle()
    staging.sagemaker.delete_endpoint(EndpointName="demo")

    statuses = [event["detail"]["EndpointStatus"] for event in _of(staging, STATE)]

    assert statuses == ["CREATING", "IN_SERVICE", "UPDATING", "IN_SERVICE", "DELETING"]


def test_a_status_may_go_untold() -> None:
    switches = Switches(statuses_without_event=frozenset({"CREATING"}))
    staging = Staging(Scenario(switches=switches)).begin()

    statuses = [event["detail"]["EndpointStatus"] for event in _of(staging, STATE)]

    assert statuses == ["IN_SERVICE"]


def test_tags_travel_with_the_event() -> None:
    staging = Staging()
    staging.create_config("v1")
    staging.sagemaker.create_endpoint(
        EndpointName="demo",
        EndpointConfigName="config-v1",
        Tags=[{"Key": "team", "Value": "vlm"}],
    )
    staging.settle()

    assert _of(staging, STATE)[-1]["detail"]["Tags"] == {"team": "vlm"}


def test_an_alarm_going_red_is_told_as_cloudwatch_tells_it() -> None:
    staging = Staging().begin()
    staging.put_alarm()

    staging.set_alarm("ALARM")

    event = _of(staging, ALARM)[-1]
    assert event["source"] == "aws.cloudwatch"
    detail = event["detail"]
    assert detail["alarmName"] == "guard"
    assert detail["state"] == {
        "value": "ALARM",
        "reason": "by hand",
        "timestamp": "2026-01-05T12:08:00.000+0000",
    }
    assert detail["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert detail["configuration"]["metrics"][0]["metricStat"] == {
        "metric": {
            "namespace": "AWS/SageMaker",
            "name": "Invocation5XXErrors",
            "dimensions": {"EndpointName": "demo"},
        },
        "period": 60,
        "stat": "Average",
    }


def test_an_alarm_event_tells_its_description() -> None:
    staging = Staging().begin()
    staging.put_alarm(AlarmDescription="too many errors")

    staging.set_alarm("ALARM")

    assert _of(staging, ALARM)[-1]["detail"]["configuration"]["description"] == "too many errors"


_COMPONENTS: dict[str, object] = {"ModelName": None, "InitialInstanceCount": 1}
_SERVERLESS: dict[str, object] = {
    "InstanceType": None,
    "InitialInstanceCount": None,
    "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
}


@pytest.mark.parametrize(
    ("variant", "is_told"),
    [
        ({}, True),
        ({"InstanceType": "ml.inf1.xlarge"}, False),
        (_SERVERLESS, False),
        (_COMPONENTS, False),
    ],
    ids=["plain", "inf1", "serverless", "components"],
)
def test_endpoints_without_guardrails_send_no_deployment_events(
    variant: dict[str, object], *, is_told: bool
) -> None:
    staging = Staging()
    staging.create_config("v1", 2, **variant)
    staging.create_config("v2", 2, **variant)
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")
    staging.settle()

    staging.update()
    staging.settle()

    assert staging.twin.serving_config("demo") == "config-v2"
    assert bool(_of(staging, DEPLOYMENT)) is is_told
    assert _told(staging)[-2:] == ["UPDATING", "IN_SERVICE"]


def test_a_marketplace_model_on_its_way_silences_deployment_events() -> None:
    scenario = Scenario(marketplace_models=frozenset({"model-v2"}))
    staging = Staging(scenario).begin(instances=2)

    staging.update(canary())
    staging.settle()

    assert _of(staging, DEPLOYMENT) == []


def _faulty(effect: str, **more: object) -> Staging:
    fault = EventFault.model_validate({"effect": effect, "detail_type": STATE, **more})
    return Staging(Scenario(faults=(fault,)))


def _told(staging: Staging) -> list[str]:
    return [event["detail"]["EndpointStatus"] for event in _of(staging, STATE)]


@pytest.mark.parametrize(
    ("effect", "statuses"),
    [
        ("lost", ["IN_SERVICE"]),
        ("doubled", ["CREATING", "CREATING", "IN_SERVICE"]),
        ("reordered", ["IN_SERVICE", "CREATING"]),
    ],
)
def test_the_first_event_meets_its_fault(effect: str, statuses: list[str]) -> None:
    staging = _faulty(effect).begin()

    assert _told(staging) == statuses


def test_a_delayed_event_comes_after_its_delay_and_keeps_its_time() -> None:
    staging = _faulty("delayed", delay_seconds=LAUNCH + 60).begin()
    assert _told(staging) == ["IN_SERVICE"]

    staging.clock.advance(60)

    assert _told(staging) == ["IN_SERVICE", "CREATING"]
    assert _of(staging, STATE)[-1]["time"] == "2026-01-05T12:00:00Z"


def test_a_doubled_event_keeps_its_id() -> None:
    staging = _faulty("doubled").begin()

    first, second = _of(staging, STATE)[:2]

    assert first["id"] == second["id"]
