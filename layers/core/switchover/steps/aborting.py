"""Aborts an update: records the request, then wakes the waiting execution, which acts immediately."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.aws.ledger import try_anew
from switchover.domain.aborting import Objection, object_to_abort
from switchover.domain.update.records import Moment
from switchover.steps.wake_update import wake

if TYPE_CHECKING:
    from switchover.aws.ledger import Ledger
    from switchover.domain.update.records import AbortRequest
    from switchover.domain.update.update import Update
    from switchover.steps.observe_update import Observer


def stop_update(update_id: str, request: AbortRequest, observer: Observer) -> Objection | None:
    """Record the request to abort an update; or say why the update can't be aborted, and change nothing.

    Every state of the update finds the request. A waiting state finds it now, by the observation that
    is made here; the other states find it before their next call to SageMaker.

    Raises:
        StaleUpdate: the update kept changing; try again.
    """
    update = _record(update_id, request, observer.ledger)
    if isinstance(update, Objection):
        return update
    wake(update, observer)
    return None


def _record(update_id: str, request: AbortRequest, ledger: Ledger) -> Update | Objection:
    def record() -> Update | Objection:
        update = ledger.update(update_id)
        return object_to_abort(update) or ledger.save(update.called_off(request))

    recorded = try_anew(record)
    if not isinstance(recorded, Objection):
        moment = Moment(at=request.at, state="Abort", text=request.told)
        ledger.add_moment(recorded, moment)
    return recorded
