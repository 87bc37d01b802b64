"""Waking: one look for whoever waits, be it for SageMaker or for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.domain.approvals.approval import Channel, Gate, refuse
from switchover.domain.observing import Purpose
from switchover.domain.verdict import Verdict

if TYPE_CHECKING:
    from switchover.aws.observing import Observer
    from switchover.domain.approvals.approval import Answer
    from switchover.domain.update import Update


def wake_holder(endpoint: str, observer: Observer) -> str:
    """Wake the update that holds an endpoint's claim, if there is one; returns the verdict on it.

    Raises:
        StaleUpdate: others kept changing it; Lambda hands the event in again.
    """
    update = observer.ledger.claiming_update(endpoint)
    return "nobody_waits" if update is None else str(wake(update, observer)["verdict"])


def wake(update: Update, observer: Observer) -> dict[str, Any]:
    """Answer the execution that waits, if there is something to tell it; returns what was seen.

    A question to people is only ever answered with no: `closed`. Otherwise `people_decide`.

    Raises:
        StaleUpdate: others kept changing the update; the next wake-up looks again.
    """
    if update.task_token is None or update.outcome is not None:
        return {"verdict": "nobody_waits"}
    if update.open_gate is not None:
        no = _find_no(update, update.open_gate, observer)
        if no is None:
            return {"verdict": "people_decide"}
        observer.workflow.answer(update.task_token, no.model_dump(mode="json"))
        return {"verdict": "closed"}
    if update.awaited not in set(Purpose) or update.course is None:
        return {"verdict": "nobody_waits"}
    return observer.answer_if_settled(update.update_id, Purpose(update.awaited), update.task_token)


def _find_no(update: Update, gate: Gate, observer: Observer) -> Answer | None:
    """Why nobody need be asked any more; None if it is still for people to say."""
    if update.abort is not None:
        return refuse(update.abort.reasons, update.abort.by, Channel.CLI)
    if gate is Gate.START:
        return None
    verdict, reasons = observer.look(update.update_id, Purpose.GATE)
    return refuse(reasons, "", Channel.LOOK) if verdict is Verdict.FAILED else None
