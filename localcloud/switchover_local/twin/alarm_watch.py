"""The alarms as a deployment sees them: which of its listed ones say stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from .scenario import Switches


class AlarmStates(Protocol):
    """Knows the state of every alarm."""

    def state(self, name: str) -> str | None:
        """OK, ALARM or INSUFFICIENT_DATA; None if there is no such alarm."""


class AlarmWatch:
    """Reads alarm states, less those that the scenario says SageMaker doesn't heed."""

    def __init__(self, board: AlarmStates, switches: Callable[[], Switches]) -> None:
        self._board = board
        self._switches = switches
        self._unheeded: set[str] = set()

    def exists(self, name: str) -> bool:
        """Whether there is such an alarm."""
        return self._board.state(name) is not None

    def is_red(self, name: str) -> bool:
        """Whether this alarm, listed in a deployment, says stop."""
        return self._board.state(name) == "ALARM" and name not in self._unheeded

    def note_transition(self, name: str, *, is_by_hand: bool) -> None:
        """Remember whether the alarm's state was measured or set by SetAlarmState."""
        if is_by_hand and not self._switches().set_alarm_state_trips:
            self._unheeded.add(name)
        else:
            self._unheeded.discard(name)
