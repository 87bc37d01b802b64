"""EventBridge Scheduler: one-time schedules that start a waiting update when its time comes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.domain.naming import schedule_name

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


@dataclass(frozen=True, slots=True)
class Ring:
    """The settings of schedules: a group, a target function, a role, a dead-letter queue."""

    group: str
    target_arn: str
    role_arn: str
    dead_letters_arn: str


class Schedules:
    """One-time schedules for queues. Each fires once at its time and deletes itself.

    One schedule per endpoint, moved each time, would need fewer schedules. But it might delete itself
    after firing, just when another process has moved it. And of two concurrent moves, the later time
    could win.
    """

    def __init__(self, scheduler: EventBridgeSchedulerClient, ring: Ring) -> None:
        self._scheduler = scheduler
        self._ring = ring

    def wake(self, endpoint: str, at: datetime) -> None:
        """Schedule a check of an endpoint's queue, in the minute of `at` or the next one."""
        # Scheduler is precise to the minute (EventBridge Scheduler User Guide, "Schedule types").
        minute = (at.astimezone(UTC) + timedelta(seconds=59)).replace(second=0, microsecond=0)
        try:
            self._scheduler.create_schedule(
                Name=schedule_name(endpoint, minute),
                GroupName=self._ring.group,
                ScheduleExpression=f"at({minute:%Y-%m-%dT%H:%M:%S})",
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={
                    "Arn": self._ring.target_arn,
                    "RoleArn": self._ring.role_arn,
                    "Input": json.dumps({"endpoint": endpoint}),
                    "DeadLetterConfig": {"Arn": self._ring.dead_letters_arn},
                },
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConflictException":
                raise
