"""A Step Functions client whose executions are walked in this process, on the twin's clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tests.support.walker import Execution, Invoke, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.definition import Definition

    from switchover_local.twin.clock import Clock

Event = dict[str, Any]


@dataclass(slots=True)
class StepFunctions:
    """What the product asks of Step Functions, with AWS's answers and refusals.

    `emit` gets the events of executions that change their status.
    """

    machine_arn: str
    definition: Definition
    clock: Clock
    invoke: Invoke
    emit: Callable[[Event], None]
    # Machines that run beside the updates, by ARN.
    others: dict[str, Definition] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    before_state: Callable[[Execution], None] = lambda _execution: None

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, Any]:  # noqa: A002, N803 - AWS's names
        """Start one; the same again while it runs is the same one, later it is refused."""
        definition = {self.machine_arn: self.definition, **self.others}.get(stateMachineArn)
        if definition is None:
            raise _refusal("StateMachineDoesNotExist", stateMachineArn)
        arn = f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name}"
        request = json.loads(input)
        known = self.executions.get(arn)
        if known is not None:
            if known.status is Status.RUNNING and known.request == request:
                return {"executionArn": arn}
            raise _refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        execution = Execution(
            arn,
            name,
            request,
            definition,
            self.clock,
            self.invoke,
            self._tell,
            lambda execution: self.before_state(execution),
        )
        self.executions[arn] = execution
        self._tell(execution)
        return {"executionArn": arn}

    def of(self, machine_arn: str) -> list[Execution]:
        """The executions of one machine, in the order of their start."""
        return [one for one in self.executions.values() if machine_of(one.arn) == machine_arn]

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        """How one stands."""
        known = self.executions.get(executionArn)
        if known is None:
            raise _refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{executionArn}'")
        return {**_listed(known), "input": json.dumps(known.request)}

    def list_executions(
        self,
        *,
        stateMachineArn: str,  # noqa: N803
        statusFilter: str,  # noqa: N803
        maxResults: int = 100,  # noqa: N803
    ) -> dict[str, Any]:
        """Those of one status, the one that began last first."""
        found = [one for one in self.of(stateMachineArn) if one.status.value == statusFilter]
        return {"executions": [_listed(one) for one in found[::-1][:maxResults]]}

    def get_paginator(self, _operation: str) -> Any:
        """All executions of a status on one page."""
        page = self.list_executions
        return SimpleNamespace(paginate=lambda **asked: [page(**asked, maxResults=1000)])

    def stop_execution(self, *, executionArn: str) -> None:  # noqa: N803
        """Stop one from outside, as the console does."""
        self.executions[executionArn].abort()

    def send_task_success(self, *, taskToken: str, output: str) -> None:  # noqa: N803
        """Answer the task that waits under this token."""
        self._waiting(taskToken).succeed(json.loads(output))

    def send_task_failure(self, *, taskToken: str, error: str, cause: str) -> None:  # noqa: N803
        """Refuse the task that waits under this token."""
        self._waiting(taskToken).fail(error, cause)

    def _waiting(self, token: str) -> Execution:
        known = self.executions.get(token.rpartition("/")[0])
        if known is None:
            raise _refusal("InvalidToken", "Invalid Token: 'Invalid token'")
        if not known.is_waiting_for(token):
            raise _refusal("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        return known

    def _tell(self, execution: Execution) -> None:
        ended_at = execution.ended_at
        self.emit(
            {
                "version": "0",
                "id": f"{execution.name}-{execution.status.value}",
                "detail-type": "Step Functions Execution Status Change",
                "source": "aws.states",
                "account": execution.arn.split(":")[4],
                "time": self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
                "region": execution.arn.split(":")[3],
                "resources": [execution.arn],
                "detail": {
                    "executionArn": execution.arn,
                    "stateMachineArn": machine_of(execution.arn),
                    "name": execution.name,
                    "status": execution.status.value,
                    "startDate": int(execution.started_at.timestamp() * 1000),
                    "stopDate": None if ended_at is None else int(ended_at.timestamp() * 1000),
                    "input": json.dumps(execution.request),
                    "output": None,
                    "inputDetails": {"included": True},
                    "outputDetails": None,
                    "error": execution.error,
                    "cause": execution.cause,
                },
            }
        )


def machine_of(execution_arn: str) -> str:
    """The machine that an execution is of."""
    return execution_arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")


def _listed(execution: Execution) -> dict[str, Any]:
    return {
        "executionArn": execution.arn,
        "name": execution.name,
        "status": execution.status.value,
        "startDate": execution.started_at,
        **({"stopDate": execution.ended_at} if execution.ended_at else {}),
    }


def _refusal(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "StepFunctions")
