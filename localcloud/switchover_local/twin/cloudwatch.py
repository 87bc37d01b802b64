"""CloudWatch as the twin answers for it: metrics and metric alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cloudwatch_alarms import AlarmOperations
from .cloudwatch_metrics import MetricOperations

if TYPE_CHECKING:
    from .alarms import AlarmBoard
    from .clock import Clock
    from .metrics import MetricStore


class CloudWatch(AlarmOperations, MetricOperations):
    """The service object: one method per operation."""

    def __init__(self, board: AlarmBoard, store: MetricStore, clock: Clock) -> None:
        AlarmOperations.__init__(self, board)
        MetricOperations.__init__(self, store, clock)
