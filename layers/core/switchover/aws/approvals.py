"""Approvals: which update waits for a person, and that person's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchover.aws.ledger import Ledger
    from switchover.aws.workflow import Workflow
    from switchover.domain.approvals.approval import Answer
    from switchover.domain.update import Update


class Approvals:
    """Where people's answers reach the executions that wait for them."""

    def __init__(self, ledger: Ledger, workflow: Workflow) -> None:
        self._ledger = ledger
        self._workflow = workflow

    def find(self, update_id: str) -> Update | None:
        """One update, if there is one of that id."""
        return self._ledger.find(update_id)

    def answer(self, update: Update, given: Answer) -> bool:
        """Answer an update that was read just now; False if nobody waits for it any more.

        Step Functions takes one answer to a token, so that of two only the first counts. A token that
        something else waits on is never answered.
        """
        if update.open_gate is None or update.task_token is None:
            return False
        return self._workflow.answer(
            update.task_token, given.model_dump(mode="json", exclude_defaults=True)
        )
