"""Step Functions: starts executions, answers task tokens, reads whether executions run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

_GONE = frozenset({"ExecutionDoesNotExist"})
# The task no longer waits: another wake-up or a timeout was first.
_STALE = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})

_STOPPED: Final = ("ABORTED", "TIMED_OUT")
# Listed newest first: ListExecutions, "Results are sorted by time, with the most recent execution
# first".
_LISTED = 100


@dataclass(frozen=True, slots=True)
class Stopped:
    """An execution that was stopped or timed out."""

    arn: str
    name: str
    status: str
    started_at: datetime


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
        """Whether an execution still runs; an unknown execution doesn't."""
        described = self._describe(execution_arn)
        return described is not None and described["status"] in {"RUNNING", "PENDING_REDRIVE"}

    def find_input(self, execution_arn: str) -> str | None:
        """An execution's input as JSON; None if AWS no longer has the execution or its input."""
        described = self._describe(execution_arn)
        return None if described is None else described.get("input")

    def _describe(self, execution_arn: str) -> DescribeExecutionOutputTypeDef | None:
        try:
            return self._stepfunctions.describe_execution(executionArn=execution_arn)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return None

    def running(self, state_machine_arn: str) -> frozenset[str]:
        """The ARNs of the running executions, if they are listed already."""
        pages = self._stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=state_machine_arn, statusFilter="RUNNING"
        )
        return frozenset(one["executionArn"] for page in pages for one in page["executions"])

    def stopped(self, state_machine_arn: str) -> tuple[Stopped, ...]:
        """The newest executions that were stopped or took too long."""
        return tuple(
            Stopped(one["executionArn"], one["name"], one["status"], one["startDate"])
            for status in _STOPPED
            for one in self._stepfunctions.list_executions(
                stateMachineArn=state_machine_arn, statusFilter=status, maxResults=_LISTED
            )["executions"]
        )

    def answer(self, token: str, output: Mapping[str, object]) -> bool:
        """Answer a waiting task; False if no task waits with that token any more."""
        try:
            self._stepfunctions.send_task_success(taskToken=token, output=json.dumps(output))
        except ClientError as error:
            if error.response["Error"]["Code"] not in _STALE:
                raise
            return False
        return True
