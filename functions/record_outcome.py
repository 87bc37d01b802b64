"""RecordOutcome: name the outcome from what serves now, clear what was ours, give the claim back."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.aws import gateways
from switchover.domain.brevity import fit_reasons
from switchover.domain.errors import LedgerRefused
from switchover.domain.intake import understand
from switchover.domain.outcome import TAKEN_UP, Conclusion, Ending, is_restored, leaves_queue
from switchover.domain.update import Update, parse_request
from switchover.settings import settings
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """Which update, how it came to its end, and whether the capacity is back."""

    update_id: str
    execution_arn: str
    request: Any = None
    ending: Ending
    capacity: str


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Record first, clear after: a repeat finds the outcome and only clears."""
    found = gateways.ledger().find(payload.update_id) or _open(payload)
    reopens = leaves_queue(found.outcome, payload.ending)
    try:
        update = gateways.carrying().take_up(found, payload.execution_arn, reopens=reopens)
    except LedgerRefused:
        # Its item takes no change: it ends here all the same, and is recorded where that can be done.
        update = found
    if update is None:
        return _told(TAKEN_UP)
    endpoint, endings = gateways.sagemaker().read(update.endpoint), gateways.endings()
    recorded = endings.record(
        update, payload.ending, endpoint, is_capacity_restored=is_restored(payload.capacity)
    )
    endings.clear(recorded, endpoint)
    return _told(Conclusion.model_validate(recorded, from_attributes=True))


def _told(whole: Conclusion) -> dict[str, Any]:
    conclusion = whole.model_copy(update={"reasons": fit_reasons(whole.reasons)})
    return {"verdict": conclusion.outcome, **conclusion.model_dump(mode="json")}


def _open(payload: Payload) -> Update:
    """An update whose claim state crashed before it was recorded still gets its outcome."""
    asked = understand(parse_request(payload.request), (), settings().bucket)
    endpoint = gateways.sagemaker().read(asked.endpoint)
    return gateways.ledger().open_update(
        asked.open(payload.update_id, payload.execution_arn, endpoint.read_at)
    )
