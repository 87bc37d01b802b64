"""Approvals: which update waits for a person, and that person's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchover.aws.ledger import Ledger
    from switchover.aws.witness import Witness
    from switchover.aws.workflow import Workflow
    from switchover.domain.approvals.decision import Decision
    from switchover.domain.update.update import Update


class Approvals:
    """Where people's answers reach the executions that wait for them."""

    def __init__(self, ledger: Ledger, workflow: Workflow, witness: Witness) -> None:
        self._ledger = ledger
        self._workflow = workflow
        self._witness = witness

    def find(self, update_id: str) -> Update | None:
        """One update, if there is one of that id."""
        return self._ledger.find(update_id)

    def answer(self, update: Update, decision: Decision) -> bool:
        """Answer an update that was read just now; False if nobody waits for it any more.

        The decision is recorded first, since it is the record that is believed. Step Functions takes one
        answer to a token, so that of two only the first counts.
        """
        if update.open_gate is not decision.gate or update.waiting.task_token is None:
            return False
        self._witness.record(decision)
        return self._workflow.answer(update.waiting.task_token, decision.answer)
