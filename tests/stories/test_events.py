"""AWS's documented events reach their functions, and are understood."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from tests.support.event_rules import OperatorUnknown, matches
from tests.support.template import ROOT, read_template

_EVENTS = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in (ROOT / "tests/events").glob("*.json")
}
_RECEIVER = {
    "s3_object_created": "ReceiveReleaseFunction",
    "sagemaker_endpoint_state_change": "WakeUpdateFunction",
    "sagemaker_deployment_state_change": "WakeUpdateFunction",
    "cloudwatch_alarm_state_change": "WakeUpdateFunction",
    "stepfunctions_execution_status_change": "CleanUpFunction",
}


def _as_ours(value: Any) -> Any:
    """The same with this template's bucket and machine, which the rules name."""
    environment = read_template().environment("ReceiveReleaseFunction")
    text = json.dumps(value)
    text = text.replace("amzn-s3-demo-bucket1", environment["SWITCHOVER_BUCKET"])
    machine = "arn:aws:states:us-east-2:111122223333:stateMachine:switchover-update"
    return json.loads(text.replace(machine, environment["SWITCHOVER_STATE_MACHINE_ARN"]))


def test_every_recorded_event_has_a_receiver() -> None:
    assert set(_EVENTS) == set(_RECEIVER)


@pytest.mark.parametrize("name", _RECEIVER)
def test_an_event_reaches_one_function(name: str) -> None:
    event = _as_ours(_EVENTS[name])

    reached = [rule.function for rule in read_template().rules if matches(rule.pattern, event)]

    assert reached == [_RECEIVER[name]]


@pytest.mark.parametrize("name", _RECEIVER)
def test_an_event_is_understood(name: str) -> None:
    module = importlib.import_module(f"functions.{read_template().functions[_RECEIVER[name]]}")

    assert module.Payload.model_validate(_EVENTS[name]).detail


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("s3_object_created", {"object": {"key": "models/vlm/v2/config.json"}}),
        ("s3_object_created", {"bucket": {"name": "another"}}),
        ("cloudwatch_alarm_state_change", {"state": {"value": "OK"}}),
        ("cloudwatch_alarm_state_change", {"state": {"value": "INSUFFICIENT_DATA"}}),
        ("stepfunctions_execution_status_change", {"status": "SUCCEEDED"}),
        ("stepfunctions_execution_status_change", {"status": "RUNNING"}),
        ("stepfunctions_execution_status_change", {"stateMachineArn": "another"}),
    ],
)
def test_other_events_reach_nobody(name: str, changed: dict[str, Any]) -> None:
    event = _as_ours(_EVENTS[name])
    event["detail"] |= changed

    assert not [rule for rule in read_template().rules if matches(rule.pattern, event)]


def _deployment(status: str, stage: str | None) -> Any:
    """A deployment's event with another status and stage; without a stage if there is none."""
    event = _as_ours(_EVENTS["sagemaker_deployment_state_change"])
    stages = [] if stage is None else [{"Status": stage}]
    (variant,) = event["detail"]["PendingDeploymentSummary"]["ProductionVariants"]
    event["detail"]["EndpointStatus"] = status
    event["detail"]["PendingDeploymentSummary"]["ProductionVariants"] = [
        {**variant, "VariantStatus": stages}
    ]
    return event


@pytest.mark.parametrize("status", ["CREATING", "UPDATING", "SYSTEM_UPDATING", "ROLLING_BACK"])
def test_a_status_that_decides_nothing_wakes_nobody(status: str) -> None:
    event = _as_ours(_EVENTS["sagemaker_endpoint_state_change"])
    event["detail"]["EndpointStatus"] = status

    assert not [rule for rule in read_template().rules if matches(rule.pattern, event)]


@pytest.mark.parametrize(
    "status",
    ["IN_SERVICE", "FAILED", "OUT_OF_SERVICE", "UPDATE_ROLLBACK_FAILED", "DELETING", "ADDED_LATER"],
)
@pytest.mark.parametrize("kind", ["Endpoint State Change", "Endpoint Deployment State Change"])
def test_any_other_status_wakes_the_update(kind: str, status: str) -> None:
    event = _as_ours(_EVENTS["sagemaker_endpoint_state_change"])
    event["detail-type"] = f"SageMaker {kind}"
    event["detail"]["EndpointStatus"] = status

    reached = [rule.function for rule in read_template().rules if matches(rule.pattern, event)]

    assert reached == ["WakeUpdateFunction"]


@pytest.mark.parametrize(
    ("stage", "wakes"),
    [
        ("Baking", 1),
        ("Creating", 0),
        ("ActivatingTraffic", 0),
        ("Updating", 0),
        ("Deleting", 0),
        (None, 0),
    ],
)
def test_of_a_running_deployment_only_a_bake_wakes_the_update(
    stage: str | None, wakes: int
) -> None:
    event = _deployment("UPDATING", stage)

    reached = [rule.function for rule in read_template().rules if matches(rule.pattern, event)]

    assert reached == ["WakeUpdateFunction"] * wakes


def test_an_event_without_a_status_does_not_count_as_another_status() -> None:
    pattern = {"detail": {"EndpointStatus": [{"anything-but": ["UPDATING"]}]}}

    assert not matches(pattern, {"detail": {}})


def test_an_operator_that_is_not_modelled_is_refused() -> None:
    with pytest.raises(OperatorUnknown, match="cidr"):
        matches({"source": [{"cidr": "aws.*"}]}, {"source": "aws.s3"})
