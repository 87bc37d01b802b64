"""CloudWatch as the twin answers for it: metrics, metric alarms and composite alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alarm_operations import AlarmOperations
from .metric_operations import MetricOperations

if TYPE_CHECKING:
    from switchover_local.twin.clock import Clock

    from .alarms import AlarmBoard
    from .composites import CompositeBoard
    from .metrics import MetricStore


class CloudWatch(AlarmOperations, MetricOperations):
    """The service object: one method per operation."""

    def __init__(
        self, board: AlarmBoard, composites: CompositeBoard, store: MetricStore, clock: Clock
    ) -> None:
        AlarmOperations.__init__(self, board, composites, clock)
        MetricOperations.__init__(self, store, clock)
