"""CleanUp: starts a recovery for an update whose execution ended before announcing its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.domain.answers import StateAnswer
from switchover.domain.naming import execution_name
from switchover.domain.outcome import Outcome
from switchover.domain.update.request import Request
from switchover.settings import settings
from switchover.steps import wiring
from switchover.steps.reopening import read_request

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.aws.ledger import Ledger
    from switchover.aws.workflow import Workflow
    from switchover.domain.update.update import Update
    from switchover.steps.reopening import Reopening

# People already know of executions that were stopped longer ago.
_LOOKS_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class EndedExecution:
    """An execution that failed or was stopped.

    `error` is the error of its Fail state, if it reached one.
    """

    execution_arn: str
    name: str
    status: str
    started_at: datetime
    input: str | None = None
    error: str | None = None

    @property
    def is_own_end(self) -> bool:
        """Whether the execution reached one of the state machine's end states, and so passed Announce."""
        return self.status == "FAILED" and self.error in set(Outcome)


class CleanUpAnswer(StrEnum):
    """The action that was taken for an ended execution."""

    NOTHING_TO_DO = "nothing_to_do"
    RECOVERED = "recovered_as_far_as_possible"
    STARTED = "recovery_started"


def clean_up(ended: EndedExecution) -> StateAnswer[CleanUpAnswer]:
    """Start another execution to finish the update of an ended one."""
    return cleaning().clean_up(ended)


def cleaning() -> Cleaning:
    """The `Cleaning` of this process, with its gateways."""
    return Cleaning(
        gateways.ledger(), gateways.workflow(), wiring.reopening(), settings().machine_arn
    )


class Cleaning:
    """Makes sure that the changes of an ended execution are restored, and its outcome is announced."""

    def __init__(
        self, ledger: Ledger, workflow: Workflow, reopening: Reopening, machine_arn: str
    ) -> None:
        self._ledger = ledger
        self._workflow = workflow
        self._reopening = reopening
        self._machine_arn = machine_arn

    def clean_up(self, ended: EndedExecution) -> StateAnswer[CleanUpAnswer]:
        """Start a recovery that finishes an update, if anything is left to do.

        A rollback can take an hour, so an execution does it: a function can't wait that long.
        """
        request = read_request(ended.input)
        asked = request if isinstance(request, Request) else None
        taken_up = asked.earlier_update if asked else None
        update = self._ledger.find(taken_up or ended.name)
        if update is None and not ended.is_own_end:
            update = self._reopening.reopen(
                taken_up or ended.name, ended.execution_arn, _value_of(asked), ended.started_at
            )
        if update is None or not self._left_something(update, ended.execution_arn):
            return _say(CleanUpAnswer.NOTHING_TO_DO, ended.name)
        if asked is not None and asked.recover is not None and ended.status == "FAILED":
            # This recovery reached its end state, and another one would reach the same end.
            return _say(CleanUpAnswer.RECOVERED, update.update_id)
        name = execution_name(update.endpoint, "recovery", ended.execution_arn)
        self._workflow.start(self._machine_arn, name, {"recover": update.update_id})
        return _say(CleanUpAnswer.STARTED, update.update_id)

    def find_stopped(self, now: datetime) -> tuple[EndedExecution, ...]:
        """The executions that were stopped recently, in case an event was lost."""
        return tuple(
            EndedExecution(
                execution_arn=stopped.arn,
                name=stopped.name,
                status=stopped.status,
                started_at=stopped.started_at,
                input=self._workflow.find_input(stopped.arn),
            )
            for stopped in self._workflow.stopped(self._machine_arn)
            if now - stopped.started_at < _LOOKS_BACK
        )

    def _left_something(self, update: Update, execution_arn: str) -> bool:
        """Whether the outcome wasn't announced, or the claim wasn't released."""
        if update.outcome is None or update.told.announced is not update.outcome:
            return True
        if update.serving is not None and update.waits_for(update.serving):
            return False  # a recovery can't do more before SageMaker has settled
        claim = self._ledger.claim(update.endpoint)
        return claim is not None and claim.execution_arn == execution_arn


def _say(verdict: CleanUpAnswer, update_id: str) -> StateAnswer[CleanUpAnswer]:
    return StateAnswer(verdict, carried={"update_id": update_id})


def _value_of(asked: Request | None) -> object:
    return asked.model_dump(mode="json", exclude_defaults=True) if asked else None
