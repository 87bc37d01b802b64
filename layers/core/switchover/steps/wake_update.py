"""WakeUpdate: one observation for a waiting update. It waits for SageMaker or for a person."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from switchover.aws import gateways
from switchover.aws.ledger import try_anew
from switchover.domain.errors import UpdateUnknown
from switchover.domain.naming import endpoint_of_alarm
from switchover.domain.observing import Purpose
from switchover.domain.update.approval import Gate, Reply
from switchover.domain.verdict import Verdict
from switchover.steps.adopting import adopt_wished
from switchover.steps.observe_update import observer as make_observer
from switchover.steps.sweep import visit_each

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover.steps.observe_update import Observer


class Woken(StrEnum):
    """The result of a wake-up that found no running change."""

    NOBODY_WAITS = "nobody_waits"
    PEOPLE_DECIDE = "people_decide"
    CLOSED = "closed"


def wake_update(endpoint_name: str | None, alarm_name: str | None) -> dict[str, Any]:
    """Observe the update. The event may be late, doubled or out of order, so its content isn't used."""
    endpoints = _endpoints_of(endpoint_name, alarm_name)
    if not endpoints:
        # Most alarms of an account concern no endpoint here. One query shows that, with no other
        # client.
        return {"verdict": Woken.NOBODY_WAITS, "found": {}}
    observer = make_observer()
    seen = visit_each(endpoints, lambda name: wake_holder(name, observer))
    if endpoint_name is not None and seen[endpoint_name] == Woken.NOBODY_WAITS:
        # Nothing is adopted while an update may change the endpoint.
        adopt_wished(endpoint_name, gateways.sagemaker(), gateways.ledger(), gateways.wishes())
    return {"verdict": ", ".join(seen.values()), "found": seen}


def _endpoints_of(endpoint_name: str | None, alarm_name: str | None) -> list[str]:
    """The endpoints that an event concerns. People's own alarms may be watched by several endpoints."""
    named = [endpoint_name]
    if alarm_name is not None:
        named.append(endpoint_of_alarm(alarm_name))
        named += gateways.watched_alarms().endpoints(alarm_name)
    return list(dict.fromkeys(name for name in named if name is not None))


def wake_holder(endpoint: str, observer: Observer) -> str:
    """Wake the update that holds an endpoint's claim, if there is one; returns the verdict on it.

    Raises:
        StaleUpdate: the update kept changing; Lambda retries the event.
    """
    claim = observer.ledger.claim(endpoint)
    if claim is None:
        return Woken.NOBODY_WAITS
    try:
        update = observer.heed(claim.update_id)
    except UpdateUnknown:
        return Woken.NOBODY_WAITS
    return wake(update, observer)


def wake(update: Update, observer: Observer) -> Woken | Verdict:
    """Answer the waiting execution, if its wait is over; returns the result.

    A wake-up can answer a question to people only with "no": `closed`. Otherwise `people_decide`.

    Raises:
        StaleUpdate: the update kept changing; the next wake-up observes it again.
    """
    if update.waiting.task_token is None or update.outcome is not None:
        return Woken.NOBODY_WAITS
    if update.open_gate is not None:
        if not _is_no_noted(update, update.open_gate, observer):
            return Woken.PEOPLE_DECIDE
        observer.workflow.answer(update.waiting.task_token, {"verdict": Reply.DECLINED.value})
        return Woken.CLOSED
    if update.waiting.awaited not in set(Purpose) or update.progress.course is None:
        return Woken.NOBODY_WAITS
    purpose = Purpose(update.waiting.awaited)
    return observer.answer_if_settled(update, purpose, update.waiting.task_token).verdict


def _is_no_noted(update: Update, gate: Gate, observer: Observer) -> bool:
    """Whether the question is closed with "no". The reason is recorded first, for RecordApproval."""
    if update.abort is not None:
        return True
    if gate is Gate.START:
        return False
    verdict, reasons = observer.look(update, Purpose.GATE)
    if verdict is not Verdict.FAILED:
        return False
    ledger = observer.ledger
    try_anew(lambda: ledger.save(ledger.update(update.update_id).gate_closed(reasons)))
    return True
