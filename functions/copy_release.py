"""CopyRelease: a release whose files lie elsewhere is brought into the model bucket, by S3 itself."""

from __future__ import annotations

from typing import Any

from switchover.domain.answers import answer
from switchover.steps.copy_release import copy_release
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Copy for one round; what is there already, from whichever round, is never copied again."""
    return answer(copy_release(payload.update_id))
