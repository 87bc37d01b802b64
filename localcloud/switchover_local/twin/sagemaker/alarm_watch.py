"""The alarms of a deployment: which of its listed alarms stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover_local.twin.scenario import Switches


class AlarmStates(Protocol):
    """Knows the state of every alarm."""

    def state(self, name: str) -> str | None:
        """OK, ALARM or INSUFFICIENT_DATA; None if there is no such alarm."""


class AlarmWatch:
    """Reads alarm states, without those that SageMaker ignores in the scenario."""

    def __init__(
        self,
        metric_alarms: AlarmStates,
        composites: AlarmStates,
        switches: Callable[[], Switches],
    ) -> None:
        self._metric_alarms = metric_alarms
        self._composites = composites
        self._switches = switches
        self._unheeded: set[str] = set()

    def exists(self, name: str) -> bool:
        """Whether SageMaker finds such an alarm."""
        return self._state(name) is not None

    def is_composite(self, name: str) -> bool:
        """Whether this alarm watches other alarms rather than a metric."""
        return self._composites.state(name) is not None

    def is_red(self, name: str) -> bool:
        """Whether this listed alarm stops a deployment."""
        return self._state(name) == "ALARM" and name not in self._unheeded

    def _state(self, name: str) -> str | None:
        if self.is_composite(name) and self._switches().composite_alarms != "watched":
            return None
        return self._metric_alarms.state(name) or self._composites.state(name)

    def note_transition(self, name: str, *, is_by_hand: bool) -> None:
        """Remember whether the alarm's state was measured or set by SetAlarmState."""
        if is_by_hand and not self._switches().set_alarm_state_trips:
            self._unheeded.add(name)
        else:
            self._unheeded.discard(name)
