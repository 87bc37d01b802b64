"""RollBack: bring the previous config back by the fastest safe way for the state that is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.domain.checks.preflight import call_refused
from switchover.domain.errors import CallRefused, EndpointBusy
from switchover.domain.outcome import Ending
from switchover.domain.rollback import Move, find_way_back
from switchover.domain.update import Moment, add_fault
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """Which update, and what came to an end badly."""

    update_id: str
    ending: Ending


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Read, choose one move, note it, make it; the machine comes back until nothing is left to do."""
    ledger, sagemaker = gateways.ledger(), gateways.sagemaker()
    update = ledger.update(payload.update_id)
    plan, why = update.planned, payload.ending.why
    endpoint = sagemaker.read(plan.endpoint)
    way = find_way_back(endpoint, update)
    move = way.move
    if move.leads_to_a_config and not sagemaker.has_config(way.home_config):
        # Somebody deleted it, or it is the copy that isn't made yet.
        way = replace(way, home_config=plan.repair_config, is_by_copy=True)
    text = f"{way.told}: {why}"
    ledger.add_moment(update, Moment(at=endpoint.read_at, state="RollBack", text=text))
    if move in {Move.NOTHING, Move.GIVE_UP}:
        return answer("settled" if move is Move.NOTHING else "gave_up")
    at = endpoint.read_at
    update = ledger.save(
        update,
        is_mixed=way.is_mixed,
        tripped_at=at if move is Move.TRIP_ABORT_ALARM else update.tripped_at,
        abort_published_at=at if move is Move.PUBLISH_ABORT else update.abort_published_at,
        is_resize_asked=False,
        course=way.course(endpoint, update),
    )
    verdict, faults = "moving", update.way_back_faults
    try:
        gateways.acts().roll_back(way, update, why)
    except EndpointBusy:
        return answer("moving")
    except CallRefused as refusal:
        fault = call_refused(f"way back of {plan.endpoint}", str(refusal))
        verdict, faults = "refused", add_fault(update, fault)
    # Only what SageMaker answered was an attempt: of a request without an answer, the next reading tells.
    ledger.save(
        update,
        rollback_attempts=update.rollback_attempts + move.is_attempt,
        way_back_faults=faults,
    )
    return answer(verdict)
