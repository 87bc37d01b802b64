"""RecordOutcome: name the outcome from what serves now, clear what was ours, give the claim back."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.aws import gateways
from switchover.domain.intake import understand
from switchover.domain.outcome import Conclusion, Ending, conclude
from switchover.domain.update import Moment, Update, parse_request
from switchover.settings import settings
from switchover.telemetry import handler as lambda_handler

_RESTORED = frozenset({"untouched", "restored", "updated"})


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
    ledger = gateways.ledger()
    update = ledger.find(payload.update_id) or _open(payload)
    endpoint = gateways.sagemaker().read(update.endpoint)
    if update.outcome is None:
        conclusion = conclude(
            payload.ending,
            update.plan,
            endpoint,
            was_started=update.is_started,
            is_mixed=update.is_mixed,
            is_capacity_restored=payload.capacity in _RESTORED,
        )
        update = ledger.save(
            update,
            outcome=conclusion.outcome,
            summary=conclusion.summary,
            reasons=conclusion.reasons,
            ended_at=endpoint.read_at,
            serving_config=getattr(endpoint, "config_name", ""),
        )
        ledger.add_moment(
            update,
            Moment(at=endpoint.read_at, state="RecordOutcome", text=conclusion.summary),
        )
    gateways.acts().clear(update, endpoint)
    ledger.release_claim(update.endpoint, update.update_id)
    return {
        "verdict": update.outcome,
        **Conclusion.model_validate(update, from_attributes=True).model_dump(mode="json"),
    }


def _open(payload: Payload) -> Update:
    """An update whose claim state crashed before it was recorded still gets its outcome."""
    asked = understand(parse_request(payload.request), (), settings().bucket)
    endpoint = gateways.sagemaker().read(asked.endpoint)
    return gateways.ledger().open_update(
        asked.open(payload.update_id, payload.execution_arn, endpoint.read_at)
    )
