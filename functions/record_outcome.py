"""RecordOutcome: name the outcome from what serves now, clear what was ours, give the claim back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.domain.brevity import fit_reasons
from switchover.domain.errors import LedgerRefused
from switchover.domain.outcome import TAKEN_UP, Conclusion, Ending, is_restored, leaves_queue
from switchover.steps import wiring
from switchover.telemetry import EndPayload
from switchover.telemetry import handler as lambda_handler

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


class Payload(EndPayload):
    """Which update, how it came to its end, and whether the capacity is back."""

    execution_arn: str
    ending: Ending
    capacity: str


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Record first, clear after: a repeat finds the outcome and only clears.

    Capacity that couldn't be put back is told once nothing that was asked for can land any more.
    """
    found = gateways.ledger().find(payload.update_id) or _open(payload)
    reopens = leaves_queue(found.outcome, payload.ending)
    try:
        update = wiring.ownership().take_up(found, payload.execution_arn, reopens=reopens)
    except LedgerRefused:
        # Its item takes no change: it ends here all the same, and is recorded where that can be done.
        update = found
    if update is None:
        return _told(TAKEN_UP)
    endpoint, endings = gateways.sagemaker().read(update.endpoint), wiring.endings()
    is_capacity_restored = is_restored(payload.capacity)
    is_under_way = update.has_request_under_way(endpoint.read_at)
    if update.outcome is None and not is_capacity_restored and is_under_way:
        return answer("landing")
    recorded = endings.record(
        update, payload.ending, endpoint, is_capacity_restored=is_capacity_restored
    )
    endings.clear(recorded, endpoint)
    return _told(Conclusion.model_validate(recorded, from_attributes=True))


def _told(whole: Conclusion) -> dict[str, Any]:
    conclusion = whole.model_copy(update={"reasons": fit_reasons(whole.reasons)})
    return {"verdict": conclusion.outcome, **conclusion.model_dump(mode="json")}


def _open(payload: Payload) -> Update:
    """An update that was never recorded, or whose record was deleted, still gets its outcome."""
    return wiring.reopening().reopen(
        payload.update_id, payload.execution_arn, payload.request, payload.started_at
    )
