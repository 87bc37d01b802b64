"""CloudWatch as the twin answers for it: metrics, metric alarms and composite alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cloudwatch_alarms import AlarmOperations
from .cloudwatch_metrics import MetricOperations

if TYPE_CHECKING:
    from .alarms import AlarmBoard
    from .clock import Clock
    from .composites import CompositeBoard
    from .metrics import MetricStore


class CloudWatch(AlarmOperations, MetricOperations):
    """The service object: one method per operation."""

    def __init__(
        self, board: AlarmBoard, composites: CompositeBoard, store: MetricStore, clock: Clock
    ) -> None:
        AlarmOperations.__init__(self, board, composites, clock)
        MetricOperations.__init__(self, store, clock)
