"""RollBack: bring the previous config back by the fastest safe way for the state that is found."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.domain.answers import StateAnswer
from switchover.domain.errors import CallRefused, EndpointBusy
from switchover.domain.marks import mark_before_way_back
from switchover.domain.outcome import Ending, first_of
from switchover.domain.refusals import call_refused
from switchover.domain.rollback import Move, find_cause, find_way_back
from switchover.domain.update.records import Moment
from switchover.steps import wiring
from switchover.steps.asking import ask

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.rollback import WayBack
    from switchover.domain.update.update import Update

_LANDING = "Looking again soon: what was asked of SageMaker and not answered may still begin."


class RollBackAnswer(StrEnum):
    """How far the way back has come. Landing: what was asked for before may still begin."""

    CONFIRMED = "confirmed"
    MOVING = "moving"
    REFUSED = "refused"
    LANDING = "landing"
    SETTLED = "settled"
    GAVE_UP = "gave_up"


def roll_back(update_id: str, ending: Ending) -> StateAnswer[RollBackAnswer]:
    """Read, choose one move, note it, make it; the machine comes back until nothing is left to do.

    An update that was confirmed stays, though the look that confirmed it could not say so.
    """
    ledger, sagemaker = gateways.ledger(), gateways.sagemaker()
    update = ledger.update(update_id)
    plan, endpoint = update.planned, sagemaker.read(update.endpoint)
    if update.progress.is_confirmed and not update.is_going_back:
        return StateAnswer(RollBackAnswer.CONFIRMED)
    if update.way_back.turned_back_at is None:
        update = _turn_back(update, ending, endpoint.read_at)
    way, why = find_way_back(endpoint, update), first_of(update.way_back.cause) or ending.why
    move = way.move
    if move.leads_to_a_config and not sagemaker.has_config(way.home_config):
        # Somebody deleted it, or it is the copy that isn't made yet.
        way = replace(way, home_config=plan.repair_config, is_by_copy=True)
    is_end = move in {Move.NOTHING, Move.GIVE_UP}
    is_landing = is_end and update.has_request_under_way(endpoint.read_at)
    text = _LANDING if is_landing else f"{way.told}: {why}"
    moment = Moment(at=endpoint.read_at, state="RollBack", text=text)
    update = update.moved(ledger.add_move(update, moment))
    if is_landing:
        ledger.save(update)
        return StateAnswer(RollBackAnswer.LANDING)
    if is_end:
        return StateAnswer(
            RollBackAnswer.SETTLED if move is Move.NOTHING else RollBackAnswer.GAVE_UP
        )
    return StateAnswer(_make(way, update, endpoint, why))


def _turn_back(update: Update, ending: Ending, now: datetime) -> Update:
    """Keep why it goes back, and that its version is bad: whatever stops the way back, both are known."""
    cause = find_cause(update, ending)
    mark = mark_before_way_back(update, cause, now)
    if mark is not None:
        gateways.wishes().add_mark(mark)
    return gateways.ledger().save(update.turned_back(cause, now))


def _make(
    way: WayBack,
    update: Update,
    endpoint: EndpointReading | Absent,
    why: str,
) -> RollBackAnswer:
    """Make a move; only one that SageMaker has answered counts as an attempt."""
    ledger, move, at = gateways.ledger(), way.move, endpoint.read_at
    attempts = update.way_back.attempts + move.is_attempt
    moving = update.going_back(
        way.course(endpoint, update),
        is_mixed=way.is_mixed,
        tripped_at=at if move is Move.TRIP_ABORT_ALARM else None,
        abort_published_at=at if move is Move.PUBLISH_ABORT else None,
    )
    if move is Move.WAIT:
        ledger.save(moving)
        return RollBackAnswer.MOVING
    go_back = partial(wiring.endpoint_changes().roll_back, way, update, why)
    try:
        ask(ledger, moving, at, go_back, once_answered=lambda one: one.attempted(attempts))
    except EndpointBusy:
        return RollBackAnswer.MOVING
    except CallRefused as refusal:
        fault = call_refused(f"way back of {update.endpoint}", str(refusal))
        newest = ledger.update(update.update_id)
        # A no counts, also where the SDK had to ask twice for it: or it would be asked for ever.
        ledger.save(newest.hindered(fault).attempted(attempts))
        # What a deletion set free may be had a little later.
        return RollBackAnswer.LANDING if move is Move.CREATE else RollBackAnswer.REFUSED
    return RollBackAnswer.MOVING
