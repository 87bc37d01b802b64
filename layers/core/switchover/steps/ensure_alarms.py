"""EnsureAlarms: the standing alarms of the endpoint, and those of this update alone."""

from __future__ import annotations

from typing import Any

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.steps.asking import ask


def ensure_alarms(update_id: str) -> dict[str, Any]:
    """Make every alarm of the plan exist as planned, and have people's own wake the update."""
    ledger = gateways.ledger()
    update = ledger.update(update_id)
    now = gateways.sagemaker().read(update.endpoint).read_at

    def ensure() -> None:
        gateways.cloudwatch().ensure(update.planned.alarms)
        gateways.watched_alarms().watch(update)

    ask(ledger, update, now, ensure)
    return answer("ensured")
