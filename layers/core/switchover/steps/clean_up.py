"""CleanUp: an execution ended before its outcome was told; another takes its update to its end."""

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

# An execution that was stopped longer ago is known to people by now, or was before this version.
_LOOKS_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution that ended otherwise than well. `error` is that of its Fail state, if it has one."""

    execution_arn: str
    name: str
    status: str
    started_at: datetime
    input: str | None = None
    error: str | None = None

    @property
    def is_own_end(self) -> bool:
        """Whether it came to one of the ends that the machine has, and so passed Announce."""
        return self.status == "FAILED" and self.error in set(Outcome)


class CleanUpAnswer(StrEnum):
    """What was done about what an ended execution left."""

    NOTHING_TO_DO = "nothing_to_do"
    RECOVERED = "recovered_as_far_as_possible"
    STARTED = "recovery_started"


def clean_up(ended: Ended) -> StateAnswer[CleanUpAnswer]:
    """Have another execution finish what an ended one left."""
    return cleaning().clean_up(ended)


def cleaning() -> Cleaning:
    """The cleaner of this process."""
    return Cleaning(
        gateways.ledger(), gateways.workflow(), wiring.reopening(), settings().machine_arn
    )


class Cleaning:
    """Sees to it that what an ended execution left is put back, and told."""

    def __init__(
        self, ledger: Ledger, workflow: Workflow, reopening: Reopening, machine_arn: str
    ) -> None:
        self._ledger = ledger
        self._workflow = workflow
        self._reopening = reopening
        self._machine_arn = machine_arn

    def clean_up(self, ended: Ended) -> StateAnswer[CleanUpAnswer]:
        """Start what finishes an update, if anything is left.

        Waiting for a way back can take an hour, so that this is for an execution, not for a function.
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
            # It came to its own end and would come to the same again.
            return _say(CleanUpAnswer.RECOVERED, update.update_id)
        name = execution_name(update.endpoint, "recovery", ended.execution_arn)
        self._workflow.start(self._machine_arn, name, {"recover": update.update_id})
        return _say(CleanUpAnswer.STARTED, update.update_id)

    def find_stopped(self, now: datetime) -> tuple[Ended, ...]:
        """The executions that were stopped lately, should the event of one have been lost."""
        return tuple(
            Ended(
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
        """An outcome that nobody was told, or a claim that nobody gave back."""
        if update.outcome is None or update.told.announced is not update.outcome:
            return True
        if update.serving is not None and update.waits_for(update.serving):
            return False  # a recovery now would find the same
        claim = self._ledger.claim(update.endpoint)
        return claim is not None and claim.execution_arn == execution_arn


def _say(verdict: CleanUpAnswer, update_id: str) -> StateAnswer[CleanUpAnswer]:
    return StateAnswer(verdict, carried={"update_id": update_id})


def _value_of(asked: Request | None) -> object:
    return asked.model_dump(mode="json", exclude_defaults=True) if asked else None
