"""EventBridge Scheduler on the twin's clock, as far as the product uses it: one-time schedules."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.support.lambdas import Lambdas

    from switchover_local.twin.clock import Clock

_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")


@dataclass(slots=True)
class Scheduler:
    """Schedules by name. `is_deaf` makes it lose every ring from now on."""

    lambdas: Lambdas
    clock: Clock
    schedules: dict[str, datetime] = field(default_factory=dict)
    is_deaf: bool = False

    def create_schedule(self, **asked: Any) -> dict[str, Any]:
        """Take a one-time schedule that deletes itself; refuse a name that is taken."""
        name = asked["Name"]
        assert re.fullmatch(r"[0-9a-zA-Z-_.]{1,64}", name)
        assert asked["GroupName"] == "switchover"
        assert asked["ActionAfterCompletion"] == "DELETE"
        assert asked["ScheduleExpressionTimezone"] == "UTC"
        if name in self.schedules:
            raise ClientError(
                {"Error": {"Code": "ConflictException", "Message": name}}, "CreateSchedule"
            )
        found = _AT.fullmatch(asked["ScheduleExpression"])
        assert found is not None, asked["ScheduleExpression"]
        at = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
        target = asked["Target"]
        self.schedules[name] = at

        def ring() -> None:
            del self.schedules[name]
            if not self.is_deaf:
                self.lambdas.deliver(
                    self.lambdas.template.function_of(target["Arn"]), json.loads(target["Input"])
                )

        self.clock.call_later(max(0.0, (at - self.clock.now()).total_seconds()), ring)
        return {"ScheduleArn": f"arn:aws:scheduler:::schedule/switchover/{name}"}
