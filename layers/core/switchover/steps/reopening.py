"""Reopening: writes a ledger record for an execution without one, so that it gets an outcome."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from switchover.domain.bounded import Unreadable, read_json
from switchover.domain.intake import UNKNOWN_ENDPOINT, understand
from switchover.domain.update.groups import Record
from switchover.domain.update.request import INPUT_LIMITS, Request, parse_request

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.aws.ledger import Ledger
    from switchover.aws.workflow import Workflow
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution of the state machine: when it began, and its input, unchecked."""

    arn: str
    started_at: datetime
    request: object


class Reopening:
    """Opens updates that ClaimEndpoint never recorded, or whose record was deleted since."""

    def __init__(self, ledger: Ledger, workflow: Workflow, bucket: str) -> None:
        self._ledger = ledger
        self._workflow = workflow
        self._bucket = bucket

    def reopen(
        self,
        update_id: str,
        execution_arn: str,
        request: object,
        at: datetime,
        endpoint: str = UNKNOWN_ENDPOINT,
    ) -> Update:
        """The update of an execution, made from the execution's input. An existing record is kept.

        If the input only names an earlier update, the request is read from that update's first execution.
        `endpoint` is used if no other source names the endpoint.
        """
        asked = parse_request(request)
        if not isinstance(asked, Request) or asked.earlier_update is not None:
            asked = self._first_request(update_id, execution_arn) or asked
        meant = understand(_begun(asked), (), self._bucket)
        if meant.endpoint == UNKNOWN_ENDPOINT:
            meant = replace(meant, endpoint=endpoint)
        update = meant.open(update_id, execution_arn, at)
        return self._ledger.open_update(replace(update, record=Record(is_reopened=True)))

    def _first_request(self, update_id: str, execution_arn: str) -> Request | None:
        """The input of the execution that the update is named after; None if AWS has deleted it."""
        first = f"{execution_arn.rpartition(':')[0]}:{update_id}"
        asked = read_request(self._workflow.find_input(first))
        return asked if isinstance(asked, Request) and asked.earlier_update is None else None


def read_request(text: str | None) -> Request | tuple[Reason, ...]:
    """The request of an execution. Its input can hold anything, so it is checked here."""
    try:
        return parse_request(read_json(text or "null", INPUT_LIMITS))
    except Unreadable:
        return parse_request(None)


def _begun(asked: Request | tuple[Reason, ...]) -> Request | tuple[Reason, ...]:
    """The request, if it begins an update; empty for a request that only continues one."""
    is_begun = not isinstance(asked, Request) or asked.earlier_update is None
    return asked if is_begun else ()
