"""Ownership: which execution carries out an update and holds the claim for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.outcome import Outcome
from switchover.domain.queue_reasons import cancelled
from switchover.domain.queueing import Claim, Decision, Turn, order_of_update
from switchover.domain.recovering import cause_before_crash, is_way_back_cut_off
from switchover.domain.refusals import execution_stopped
from switchover.domain.update.records import Moment

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.aws.ledger import Ledger
    from switchover.aws.workflow import Workflow
    from switchover.domain.update.request import Request
    from switchover.domain.update.update import Update


class Ownership:
    """One execution carries out an update at a time.

    Another execution takes over only if the first has ended, or has put the update into the queue.
    """

    def __init__(self, ledger: Ledger, workflow: Workflow) -> None:
        self._ledger = ledger
        self._workflow = workflow

    def take_up(self, update: Update, execution_arn: str, *, reopens: bool) -> Update | None:
        """Let an execution carry out an update; None if another execution does, or nothing is left to do.

        `reopens` asks for an update that waits in the queue.

        Raises:
            StaleUpdate: another execution changed the update at the same time; a retry reads it again.
        """
        if update.record.is_unreadable:
            if self._is_carried_by_another(update, execution_arn):
                return None
            return self._ledger.settle_unreadable(update, execution_arn)
        if update.execution_arn == execution_arn:
            return update
        if reopens:
            if update.outcome is not Outcome.QUEUED:
                return None
            return self._ledger.save(update.reopened().carried_by(execution_arn))
        if update.outcome is None and self._workflow.is_running(update.execution_arn):
            return None
        return self._ledger.save(update.carried_by(execution_arn))

    def go_on(self, request: Request, execution_arn: str, at: datetime) -> Update | Decision:
        """Continue the update that a request names: return it if it is to run, else the decision.

        Raises:
            UpdateUnknown: the ledger has no update with that id.
        """
        found = self._ledger.look_up(request.earlier_update or "")
        update = self.take_up(found, execution_arn, reopens=request.recover is None)
        if update is None:
            return Decision(Turn.REPEATED)
        if request.recover is not None and request.reason:
            text = f"Recovered by hand: {request.reason}"
            self._ledger.add_moment(update, Moment(at=at, state="ClaimEndpoint", text=text))
        if found.record.is_unreadable:
            self._inherit_claim(update)
            return Decision(Turn.REJECTED, update.reasons)
        if request.resume is not None:
            return update
        if request.cancel is not None:
            return Decision(Turn.REJECTED, (cancelled(update.update_id, request.reason),))
        is_ours = self._inherit_claim(update)
        if is_ours and is_way_back_cut_off(update):
            update = self._reopen(update)
        goes_back = is_ours and update.progress.is_started and not update.outcome
        if goes_back and update.progress.is_confirmed:
            return Decision(Turn.FINISH)
        reasons = (execution_stopped(found.execution_arn),)
        return Decision(Turn.GO_BACK if goes_back else Turn.REJECTED, reasons)

    def _reopen(self, update: Update) -> Update:
        """Remove the outcome of an update whose rollback continues, and keep the rollback's cause."""
        return self._ledger.save(update.doomed(cause_before_crash(update)).reopened())

    def _is_carried_by_another(self, update: Update, execution_arn: str) -> bool:
        """Whether another running execution holds the claim. For updates whose record can't be read."""
        holder = self._ledger.claim(update.endpoint)
        if holder is None or holder.update_id != update.update_id:
            return False
        arn = holder.execution_arn
        return arn != execution_arn and self._workflow.is_running(arn)

    def give_claim_back(self, update: Update) -> None:
        """Release the claim of an ended or waiting update, unless another execution has taken over."""
        holder = self._ledger.claim(update.endpoint)
        if holder is None or holder.update_id != update.update_id:
            return
        is_own = holder.execution_arn == update.execution_arn
        if is_own or not self._workflow.is_running(holder.execution_arn):
            self._ledger.release_claim(update.endpoint, holder.execution_arn)

    def _inherit_claim(self, update: Update) -> bool:
        """Take over the claim from this update's ended execution; False if this update has no claim.

        An update without a claim has changed nothing, so it needs none.
        """
        holder = self._ledger.claim(update.endpoint)
        if holder is not None and holder.update_id != update.update_id:
            return False
        is_over = update.outcome is not None and not is_way_back_cut_off(update)
        if holder is None and (not update.progress.is_started or is_over):
            return True
        gone = holder.execution_arn if holder else None
        claimed_at = holder.claimed_at if holder else update.started_at
        own = Claim(update.endpoint, update.update_id, update.execution_arn, claimed_at)
        return self._ledger.take_claim(own, order_of_update(update), instead_of=gone)
