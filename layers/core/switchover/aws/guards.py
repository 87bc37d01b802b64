"""Guards: the executions that guard bakes, and the findings of their looks.

| pk          | sk           | holds                                                  |
|-------------|--------------|--------------------------------------------------------|
| update#<id> | guard#<time> | the findings about the bake that began then            |
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from switchover.aws.table import Table
from switchover.domain.guarding import Watch
from switchover.domain.naming import execution_name

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.aws.workflow import Workflow

_WATCH = TypeAdapter(Watch)


class Guards:
    """Starts the state machine that guards a bake; does nothing if no machine is configured."""

    def __init__(self, workflow: Workflow, machine_arn: str | None) -> None:
        self._workflow = workflow
        self._machine_arn = machine_arn

    def call(self, endpoint: str, update_id: str, bake_since: datetime, pause_seconds: int) -> None:
        """Start the guard of the bake that began at that time; its first look comes after the pause.

        Safe to repeat: the execution is named after the bake, and Step Functions starts each name once.
        """
        if self._machine_arn is None:
            return
        since = bake_since.isoformat()
        name = execution_name(endpoint, "guard", f"{update_id}#{since}")
        request = {"update_id": update_id, "bake_since": since, "pause_seconds": pause_seconds}
        self._workflow.start(self._machine_arn, name, request)


class Watches(Table):
    """The findings of guards, kept from one look to the next. Each item has one writing execution."""

    def watch(self, update_id: str, bake_since: datetime) -> Watch:
        """The findings of this bake's looks so far; empty before the first look or if unreadable.

        If they are unreadable, golden requests are counted anew. The decision stays right, because the
        fleet's requests are counted by their metric.
        """
        item = self._get(*_place(update_id, bake_since))
        try:
            return (
                Watch()
                if item is None
                else _WATCH.validate_json(zlib.decompress(item["body"]["B"]))
            )
        except (KeyError, ValueError, zlib.error):
            return Watch()

    def keep(self, update_id: str, bake_since: datetime, watch: Watch) -> None:
        """Keep the findings so far."""
        packed = zlib.compress(_WATCH.dump_json(watch))
        self._put(*_place(update_id, bake_since), body={"B": packed})


def _place(update_id: str, bake_since: datetime) -> tuple[str, str]:
    return f"update#{update_id}", f"guard#{bake_since.isoformat()}"
