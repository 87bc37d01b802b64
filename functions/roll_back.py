"""RollBack: bring the previous config back by the fastest safe way for the state that is found."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.domain.checks.preflight import call_refused
from switchover.domain.errors import CallRefused, EndpointBusy
from switchover.domain.fleet import EndpointReading, EndpointStatus
from switchover.domain.outcome import Ending
from switchover.domain.rollback import Move, choose_move
from switchover.domain.update import Moment
from switchover.domain.verdict import course_of
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
    plan = update.planned
    endpoint = sagemaker.read(plan.endpoint)
    is_mixed = update.is_mixed or (
        isinstance(endpoint, EndpointReading)
        and endpoint.status is EndpointStatus.UPDATE_ROLLBACK_FAILED
    )
    home_config = plan.home_config(is_mixed=is_mixed)
    move = choose_move(
        endpoint,
        home_config=home_config,
        own_configs=plan.own_configs,
        allows_downtime=plan.allows_downtime,
        tripped_at=update.tripped_at,
        has_published_abort=update.has_published_abort,
        attempts=update.rollback_attempts,
    )
    ledger.add_moment(
        update,
        Moment(at=endpoint.read_at, state="RollBack", text=f"{move.told}: {payload.ending.why}"),
    )
    if move in {Move.NOTHING, Move.GIVE_UP}:
        return answer("settled" if move is Move.NOTHING else "gave_up")
    update = ledger.save(
        update,
        rollback_attempts=update.rollback_attempts + move.is_attempt,
        is_mixed=is_mixed,
        tripped_at=endpoint.read_at if move is Move.TRIP_ABORT_ALARM else update.tripped_at,
        has_published_abort=update.has_published_abort or move is Move.PUBLISH_ABORT,
        course=course_of(
            home_config,
            endpoint,
            plan.overdue_seconds,
            recreates=plan.allows_downtime,
            was_seen_moving=move in {Move.WAIT, Move.TRIP_ABORT_ALARM, Move.PUBLISH_ABORT},
        ),
    )
    try:
        gateways.acts().roll_back(move, plan, update, payload.ending.why)
    except (CallRefused, EndpointBusy) as refusal:
        return answer("moving", (call_refused(f"endpoint {plan.endpoint}", str(refusal)),))
    return answer("moving")
