"""Step Functions: start updates, wake them, see whether they still run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions import SFNClient

_GONE = frozenset({"ExecutionDoesNotExist"})
# The execution has moved on: another wake-up or a timeout was first.
_STALE = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class Workflow:
    """The executions of the update state machine."""

    def __init__(self, stepfunctions: SFNClient) -> None:
        self._stepfunctions = stepfunctions

    def start(self, state_machine_arn: str, name: str, request: Mapping[str, object]) -> bool:
        """Start an update under a name; False if an execution of that name exists already."""
        try:
            self._stepfunctions.start_execution(
                stateMachineArn=state_machine_arn, name=name, input=json.dumps(request)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
            return False
        return True

    def is_running(self, execution_arn: str) -> bool:
        """Whether an execution still runs; one that is unknown doesn't."""
        try:
            described = self._stepfunctions.describe_execution(executionArn=execution_arn)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return False
        return described["status"] in {"RUNNING", "PENDING_REDRIVE"}

    def answer(self, token: str, output: Mapping[str, object]) -> bool:
        """Answer a waiting task; False if nobody waits under that token any more."""
        try:
            self._stepfunctions.send_task_success(taskToken=token, output=json.dumps(output))
        except ClientError as error:
            if error.response["Error"]["Code"] not in _STALE:
                raise
            return False
        return True
