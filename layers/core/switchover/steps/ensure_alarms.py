"""EnsureAlarms: the standing alarms of the endpoint, and those of this update alone."""

from __future__ import annotations

from enum import StrEnum

from switchover.aws import gateways
from switchover.domain.answers import StateAnswer
from switchover.steps.asking import ask


class EnsureAlarmsAnswer(StrEnum):
    """The alarms exist; anything else is an error."""

    ENSURED = "ensured"


def ensure_alarms(update_id: str) -> StateAnswer[EnsureAlarmsAnswer]:
    """Make every alarm of the plan exist as planned, and have people's own wake the update."""
    ledger = gateways.ledger()
    update = ledger.update(update_id)
    now = gateways.sagemaker().read(update.endpoint).read_at

    def ensure() -> None:
        gateways.cloudwatch().ensure(update.planned.alarms.specs)
        gateways.watched_alarms().watch(update)

    ask(ledger, update, now, ensure)
    return StateAnswer(EnsureAlarmsAnswer.ENSURED)
