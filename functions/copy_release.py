"""CopyRelease: let S3 copy a release's files from another place into the model bucket."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.copy_release import copy_release
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Copy for one round. Files that are already there, from any round, aren't copied again."""
    return answer(copy_release(payload.update_id))
