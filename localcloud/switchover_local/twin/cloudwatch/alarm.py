"""A metric alarm: its definition and its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from .alarm_definition import AlarmDefinition
    from .alarm_reasons import StateReading


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: its definition, its state, and the state before."""

    definition: AlarmDefinition
    arn: str
    configured_at: datetime
    state: StateReading
    previous: StateReading | None
    transitioned_at: datetime
    are_actions_enabled: bool

    @property
    def name(self) -> str:
        """The alarm's name, unique in its account and region."""
        return self.definition.name
