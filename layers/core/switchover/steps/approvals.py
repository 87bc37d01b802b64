"""Approvals: finds the update that waits for a person, and records the person's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchover.aws.ledger import Ledger
    from switchover.aws.witness import Witness
    from switchover.aws.workflow import Workflow
    from switchover.domain.approvals.decision import Decision
    from switchover.domain.update.update import Update


class Approvals:
    """Passes people's answers to the waiting executions."""

    def __init__(self, ledger: Ledger, workflow: Workflow, witness: Witness) -> None:
        self._ledger = ledger
        self._workflow = workflow
        self._witness = witness

    def find(self, update_id: str) -> Update | None:
        """The update with that id, if there is one."""
        return self._ledger.find(update_id)

    def answer(self, update: Update, decision: Decision) -> bool:
        """Answer an update that was read just now; False if its execution no longer waits.

        The decision is recorded first, because RecordApproval believes only the record. Step Functions
        accepts one answer per token, so only the first of two answers counts.
        """
        if update.open_gate is not decision.gate or update.waiting.task_token is None:
            return False
        self._witness.record(decision)
        return self._workflow.answer(update.waiting.task_token, decision.answer)
