"""Calls the guard: a function that runs until the bake ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_lambda import LambdaClient


class Guards:
    """Calls the guard function; does nothing if no function is configured."""

    def __init__(self, awslambda: LambdaClient, function: str | None) -> None:
        self._awslambda = awslambda
        self._function = function

    def call(self, update_id: str, bake_since: datetime) -> None:
        """Call the guard for the bake that began then, asynchronously."""
        if self._function is None:
            return
        payload = {"update_id": update_id, "bake_since": bake_since.isoformat()}
        self._awslambda.invoke(
            FunctionName=self._function,
            InvocationType="Event",
            Payload=json.dumps(payload).encode(),
        )
