"""EnsureAlarms: creates the endpoint's standing alarms and the alarms of this update."""

from __future__ import annotations

from enum import StrEnum

from switchover.aws import gateways
from switchover.domain.answers import StateAnswer
from switchover.steps.asking import ask


class EnsureAlarmsAnswer(StrEnum):
    """The alarms exist. Any other result is an exception."""

    ENSURED = "ensured"


def ensure_alarms(update_id: str) -> StateAnswer[EnsureAlarmsAnswer]:
    """Create every alarm of the plan, and register people's own alarms so that they wake the update."""
    ledger = gateways.ledger()
    update = ledger.update(update_id)
    now = gateways.sagemaker().read(update.endpoint).read_at

    def ensure() -> None:
        gateways.cloudwatch().ensure(update.planned.alarms.specs)
        gateways.watched_alarms().watch(update)

    ask(ledger, update, now, ensure)
    return StateAnswer(EnsureAlarmsAnswer.ENSURED)
