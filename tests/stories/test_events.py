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


def test_an_operator_that_is_not_modelled_is_refused() -> None:
    with pytest.raises(OperatorUnknown, match="cidr"):
        matches({"source": [{"cidr": "aws.*"}]}, {"source": "aws.s3"})
