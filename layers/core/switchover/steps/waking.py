"""Waking: one look for whoever waits, be it for SageMaker or for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.aws.ledger import try_anew
from switchover.domain.observing import Purpose
from switchover.domain.update.approval import Gate, Reply
from switchover.domain.verdict import Verdict

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover.steps.observing import Observer


def wake_holder(endpoint: str, observer: Observer) -> str:
    """Wake the update that holds an endpoint's claim, if there is one; returns the verdict on it.

    Raises:
        StaleUpdate: others kept changing it; Lambda hands the event in again.
    """
    update = observer.ledger.claiming_update(endpoint)
    if update is None:
        return "nobody_waits"
    return str(wake(observer.heed(update.update_id), observer)["verdict"])


def wake(update: Update, observer: Observer) -> dict[str, Any]:
    """Answer the execution that waits, if there is something to tell it; returns what was seen.

    A question to people is only ever answered with no: `closed`. Otherwise `people_decide`.

    Raises:
        StaleUpdate: others kept changing the update; the next wake-up looks again.
    """
    if update.task_token is None or update.outcome is not None:
        return {"verdict": "nobody_waits"}
    if update.open_gate is not None:
        if not _is_no_noted(update, update.open_gate, observer):
            return {"verdict": "people_decide"}
        observer.workflow.answer(update.task_token, {"verdict": Reply.DECLINED.value})
        return {"verdict": "closed"}
    if update.awaited not in set(Purpose) or update.course is None:
        return {"verdict": "nobody_waits"}
    return observer.answer_if_settled(update.update_id, Purpose(update.awaited), update.task_token)


def _is_no_noted(update: Update, gate: Gate, observer: Observer) -> bool:
    """Whether nobody need be asked any more. Why is noted first: RecordApproval believes no answer."""
    if update.abort is not None:
        return True
    if gate is Gate.START:
        return False
    verdict, reasons = observer.look(update.update_id, Purpose.GATE)
    if verdict is not Verdict.FAILED:
        return False
    ledger = observer.ledger
    try_anew(lambda: ledger.save(ledger.update(update.update_id), gate_closed_by=reasons))
    return True
