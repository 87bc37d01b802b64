"""Announce: tell people and machines how it went."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.failures import AWS_FAILED
from switchover.aws.table import is_final
from switchover.domain.answers import StateAnswer
from switchover.domain.errors import SwitchoverError
from switchover.domain.intake import UNKNOWN_ENDPOINT
from switchover.domain.outcome import Conclusion, Outcome
from switchover.domain.unreadable import stand_in_for
from switchover.explain.announcement import announce_outcome
from switchover.steps import wiring

if TYPE_CHECKING:
    from switchover.domain.fleet import Absent, EndpointReading
    from switchover.domain.update.update import Update
    from switchover.steps.reopening import Execution


class AnnounceAnswer(StrEnum):
    """Whether people are told now, or were told before."""

    ANNOUNCED = "announced"
    ANNOUNCED_BEFORE = "announced_before"


def announce(
    update_id: str, conclusion: Conclusion, execution: Execution
) -> StateAnswer[AnnounceAnswer]:
    """Tell machines and people, each once: on a retry, only those are told who weren't yet."""
    ledger, announcements = gateways.ledger(), gateways.announcements()
    update = _find(update_id, conclusion, execution)
    outcome = update.outcome or conclusion.outcome
    told = update
    if update.outcome is None:
        # RecordOutcome crashed, or another execution has taken the update up since; what this one
        # knows is told all the same.
        told = update.concluded(outcome, conclusion.summary, update.reasons)
    announcement = announce_outcome(told, _look_again(told))
    try:
        # The event also wakes the queue, each time; people needn't hear again that a release still waits.
        if update.told.emitted is not outcome or outcome is Outcome.QUEUED:
            announcements.emit(announcement)
            ledger.note_emitted(update, outcome)
    finally:
        # People are told even if no event can be sent.
        is_new = update.told.announced is not outcome
        if is_new:
            announcements.publish(announcement)
            ledger.note_announced(update, outcome)
    verdict = AnnounceAnswer.ANNOUNCED if is_new else AnnounceAnswer.ANNOUNCED_BEFORE
    return StateAnswer(verdict, carried={"outcome": outcome})


def _find(update_id: str, conclusion: Conclusion, execution: Execution) -> Update:
    """The update, or what stands in for it: people are told even if its record can't be had."""
    try:
        found = gateways.ledger().find(update_id)
    except AWS_FAILED as error:
        if not is_final(error):
            raise  # a retry tells more
        return _unknown(update_id, conclusion, execution, str(error))
    return found or _record_anew(update_id, conclusion, execution)


def _record_anew(update_id: str, conclusion: Conclusion, execution: Execution) -> Update:
    """The update whose record was deleted after its outcome had been named, with that outcome."""
    try:
        reopened = wiring.reopening().reopen(
            update_id, execution.arn, execution.request, execution.started_at
        )
        concluded = reopened.concluded(conclusion.outcome, conclusion.summary, conclusion.reasons)
        return gateways.ledger().save(concluded)
    except SwitchoverError as error:
        return _unknown(update_id, conclusion, execution, str(error))


def _unknown(update_id: str, conclusion: Conclusion, execution: Execution, fault: str) -> Update:
    unknown = stand_in_for(
        update_id,
        UNKNOWN_ENDPOINT,
        execution.started_at,
        announced=None,
        revision=0,
        fault=fault,
    )
    return unknown.concluded(conclusion.outcome, conclusion.summary, unknown.reasons)


def _look_again(update: Update) -> EndpointReading | Absent | None:
    """What serves by now; None if that can't be read, which holds no announcement up."""
    try:
        return gateways.sagemaker().read(update.endpoint)
    except (*AWS_FAILED, SwitchoverError):
        return None
