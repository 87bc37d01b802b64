"""Step Functions: executions are started once, checked for running, and answered if they still wait."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from tests.support.samples import EXECUTION, NOW

from switchover.aws.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_stepfunctions import SFNClient

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:update"


@pytest.fixture
def client() -> SFNClient:
    return boto3.client(
        "stepfunctions",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )


@pytest.fixture
def stub(client: SFNClient) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def workflow(client: SFNClient, stub: Stubber) -> Workflow:
    return Workflow(client)


def test_an_update_is_started_under_its_name(stub: Stubber, workflow: Workflow) -> None:
    request = {"release": "s3://models/release.json"}
    stub.add_response(
        "start_execution",
        {"executionArn": EXECUTION, "startDate": NOW},
        {"stateMachineArn": MACHINE, "name": "chat-v2", "input": json.dumps(request)},
    )
    assert workflow.start(MACHINE, "chat-v2", request) is True


def test_a_repeat_starts_nothing(stub: Stubber, workflow: Workflow) -> None:
    stub.add_client_error("start_execution", "ExecutionAlreadyExists")
    assert workflow.start(MACHINE, "chat-v2", {}) is False


def test_another_error_of_a_start_is_not_hidden(stub: Stubber, workflow: Workflow) -> None:
    stub.add_client_error("start_execution", "StateMachineDoesNotExist")
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        workflow.start(MACHINE, "chat-v2", {})


@pytest.mark.parametrize(
    ("status", "runs"),
    [
        ("RUNNING", True),
        ("PENDING_REDRIVE", True),
        ("SUCCEEDED", False),
        ("FAILED", False),
        ("TIMED_OUT", False),
        ("ABORTED", False),
    ],
)
def test_an_execution_runs_until_it_has_ended(
    stub: Stubber,
    workflow: Workflow,
    status: str,
    runs: bool,  # noqa: FBT001
) -> None:
    answer: dict[str, object] = {
        "executionArn": EXECUTION,
        "stateMachineArn": MACHINE,
        "status": status,
        "startDate": NOW,
    }
    stub.add_response("describe_execution", answer, {"executionArn": EXECUTION})
    assert workflow.is_running(EXECUTION) is runs


def test_an_unknown_execution_does_not_run(stub: Stubber, workflow: Workflow) -> None:
    stub.add_client_error("describe_execution", "ExecutionDoesNotExist")
    assert workflow.is_running(EXECUTION) is False


def test_an_execution_that_cannot_be_seen_is_not_taken_for_dead(
    stub: Stubber, workflow: Workflow
) -> None:
    """Or its claim would be taken from a living update."""
    stub.add_client_error("describe_execution", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        workflow.is_running(EXECUTION)


def test_a_waiting_task_is_answered(stub: Stubber, workflow: Workflow) -> None:
    answer = {"verdict": "updated"}
    stub.add_response(
        "send_task_success", {}, {"taskToken": "token-1", "output": json.dumps(answer)}
    )
    assert workflow.answer("token-1", answer) is True


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_task_that_waits_no_more_is_let_go(stub: Stubber, workflow: Workflow, code: str) -> None:
    """Another wake-up, or the timeout, was first."""
    stub.add_client_error("send_task_success", code)
    assert workflow.answer("token-1", {}) is False


def test_another_error_of_an_answer_is_not_hidden(stub: Stubber, workflow: Workflow) -> None:
    stub.add_client_error("send_task_success", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        workflow.answer("token-1", {})
