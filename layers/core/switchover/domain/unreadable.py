"""A stand-in for an update with an unreadable record, so that it is shown and can be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Kind
from switchover.domain.reasons import Reason
from switchover.domain.update.groups import Record, Told
from switchover.domain.update.update import Update

if TYPE_CHECKING:
    from datetime import datetime

_LONGEST_FAULT = 200


def stand_in_for(
    update_id: str,
    endpoint: str,
    started_at: datetime,
    *,
    announced: Outcome | None,
    revision: int,
    fault: str,
) -> Update:
    """Make a stand-in from the known facts: id, endpoint, start, and the announced outcome.

    If no outcome was announced, the stand-in's outcome is NeedsOperator: its plan and changes are
    unknown, so it can be neither continued nor undone.
    """
    is_over = announced is not None and announced is not Outcome.QUEUED
    return Update(
        update_id=update_id,
        execution_arn="",
        endpoint=endpoint,
        version="",
        kind=Kind.RELEASE,
        request=None,
        started_at=started_at,
        outcome=announced if is_over else Outcome.NEEDS_OPERATOR,
        told=Told(announced=announced),
        summary="Its record can't be read, so its changes are unknown.",
        reasons=(
            Reason(
                code="update.unreadable",
                subject=f"update {update_id}",
                message=f"its record in the ledger can't be read: {fault[:_LONGEST_FAULT]}.",
                remedy=(
                    f"Check which config serves (switchover status {endpoint}), the autoscaling, and"
                    f" alarms named switchover/{endpoint}/ that no update needs; then start again. If the"
                    f" update still holds the endpoint: switchover unclaim {endpoint} --reason '…'"
                ),
            ),
        ),
        record=Record(revision=revision, is_unreadable=True),
    )
