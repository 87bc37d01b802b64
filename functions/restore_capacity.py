"""RestoreCapacity: put scaling and fleet size back as they were noted, where they are still ours."""

from __future__ import annotations

from typing import Any

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Nothing was noted if nothing was changed; a fleet that is being resized is waited for."""
    update = gateways.ledger().find(payload.update_id)
    return answer("untouched" if update is None else gateways.restoring().restore(update))
