"""RollBack: brings the previous config back, in the fastest safe way for the endpoint's state."""

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

_LANDING = "Waiting: a request to SageMaker got no answer and may still take effect."


class RollBackAnswer(StrEnum):
    """The progress of the rollback. Landing: an earlier request may still take effect."""

    CONFIRMED = "confirmed"
    MOVING = "moving"
    REFUSED = "refused"
    LANDING = "landing"
    SETTLED = "settled"
    GAVE_UP = "gave_up"


def roll_back(update_id: str, ending: Ending) -> StateAnswer[RollBackAnswer]:
    """Read the endpoint, choose one move, note it, and make it. The state repeats until no move is left.

    A confirmed update stays, even if the observation that confirmed it could not answer the execution.
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
        # The config was deleted, or it is the copy, which doesn't exist yet.
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
    """Record the cause and the bad version first, so that both are known even if the rollback fails."""
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
    """Make a move. It counts as an attempt only if SageMaker has answered."""
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
        fault = call_refused(f"rollback of {update.endpoint}", str(refusal))
        newest = ledger.update(update.update_id)
        # A refusal counts, even if the SDK retried: otherwise the attempts would never end.
        ledger.save(newest.hindered(fault).attempted(attempts))
        # The instances of a deleted endpoint may become available a little later.
        return RollBackAnswer.LANDING if move is Move.CREATE else RollBackAnswer.REFUSED
    return RollBackAnswer.MOVING
