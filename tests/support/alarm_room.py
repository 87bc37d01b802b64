"""A board of alarms, with their metric and their clock, for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.cloudwatch.alarms import AlarmBoard, Habits
from switchover_local.twin.cloudwatch.metrics import MetricStore

if TYPE_CHECKING:
    from switchover_local.twin.cloudwatch.alarm import Alarm

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Room:
    """A board, its metrics and its clock; one metric, `N/m`.

    Data counts at once unless set otherwise, so that tests are easier to read.
    """

    def __init__(self, habits: Habits | None = None) -> None:
        self.clock = SteppedClock(NOON)
        self.store = MetricStore()
        kept = habits or Habits(ingestion_seconds=0)
        self.board = AlarmBoard(self.store, self.clock, habits=lambda: kept)

    def put(self, **overrides: Any) -> Alarm:
        return self.board.put(self._definition() | overrides)

    def put_late(self) -> None:
        self.put(AlarmName="late")

    def put_percentile(self, percentile: str, **overrides: Any) -> Alarm:
        definition = {k: v for k, v in self._definition().items() if k != "Statistic"}
        return self.board.put(definition | {"ExtendedStatistic": percentile} | overrides)

    def put_math(self, metrics: list[dict[str, Any]]) -> Alarm:
        return self.board.put(
            {
                "AlarmName": "red",
                "Metrics": metrics,
                "EvaluationPeriods": 1,
                "Threshold": 5.0,
                "ComparisonOperator": "GreaterThanThreshold",
            }
        )

    def pass_minutes(self, *values: float | None) -> list[str]:
        """Record each value at the beginning of a minute; returns the state after each minute."""
        return [self._pass_minute(value) for value in values]

    def state(self) -> str:
        return str(self.board.state("red"))

    def reason(self) -> str:
        alarm = self.board.get("red")
        assert alarm is not None
        return alarm.state.reason

    @staticmethod
    def _definition() -> dict[str, Any]:
        return {
            "AlarmName": "red",
            "Namespace": "N",
            "MetricName": "m",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Statistic": "Average",
            "Threshold": 5.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }

    def _pass_minute(self, value: float | None) -> str:
        if value is not None:
            self.store.record("N", "m", {}, value, self.clock.now())
        self.clock.advance(60)
        return self.state()


def stat(query_id: str, *, returned: bool = False, **metric: str) -> dict[str, Any]:
    named = {"Namespace": "N", "MetricName": "m"} | metric
    return {
        "Id": query_id,
        "MetricStat": {"Metric": named, "Period": 60, "Stat": "Sum"},
        "ReturnData": returned,
    }
