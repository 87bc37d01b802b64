"""Announce: notify people and machines of the outcome."""

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
    from switchover.domain.report.place import ReportPlace
    from switchover.domain.update.update import Update
    from switchover.steps.reopening import Execution


class AnnounceAnswer(StrEnum):
    """Whether people were notified by this call, or before."""

    ANNOUNCED = "announced"
    ANNOUNCED_BEFORE = "announced_before"


def announce(
    update_id: str,
    conclusion: Conclusion,
    execution: Execution,
    report: ReportPlace | None = None,
) -> StateAnswer[AnnounceAnswer]:
    """Notify machines and people, each once. On a retry, only those not yet notified are notified."""
    ledger, announcements = gateways.ledger(), gateways.announcements()
    update = _find(update_id, conclusion, execution)
    outcome = update.outcome or conclusion.outcome
    told = update
    if update.outcome is None:
        # RecordOutcome crashed, or another execution has continued the update since. People still get the
        # outcome that this execution knows.
        told = update.concluded(outcome, conclusion.summary, update.reasons)
    announcement = announce_outcome(told, _look_again(told), report)
    try:
        # The event also wakes the queue, so it is sent each time. People are notified only once of a
        # wait.
        if update.told.emitted is not outcome or outcome is Outcome.QUEUED:
            announcements.emit(announcement)
            ledger.note_emitted(update, outcome)
    finally:
        # People are notified even if no event can be sent.
        is_new = update.told.announced is not outcome
        if is_new:
            announcements.publish(announcement)
            ledger.note_announced(update, outcome)
    verdict = AnnounceAnswer.ANNOUNCED if is_new else AnnounceAnswer.ANNOUNCED_BEFORE
    return StateAnswer(verdict, carried={"outcome": outcome})


def _find(update_id: str, conclusion: Conclusion, execution: Execution) -> Update:
    """The update, or a stand-in for it: people are notified even if the record can't be read."""
    try:
        found = gateways.ledger().find(update_id)
    except AWS_FAILED as error:
        if not is_final(error):
            raise  # a retry may be able to read the record
        return _unknown(update_id, conclusion, execution, str(error))
    return found or _record_anew(update_id, conclusion, execution)


def _record_anew(update_id: str, conclusion: Conclusion, execution: Execution) -> Update:
    """A new record, with the outcome, for an update whose record was deleted after RecordOutcome."""
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
    """The config that serves now; None if it can't be read. The announcement is sent in any case."""
    try:
        return gateways.sagemaker().read(update.endpoint)
    except (*AWS_FAILED, SwitchoverError):
        return None
