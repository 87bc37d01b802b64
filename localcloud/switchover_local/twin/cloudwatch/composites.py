"""Composite alarms: they watch metric alarms, and are evaluated whenever one changes its state."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .alarm_history import History, recount_transition
from .alarm_reasons import CREATION_REASON, StateReading, format_moment
from .alarm_rules import StateValue
from .composite_rules import parse_rule
from .metric_queries import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from switchover_local.twin.clock import Clock

    from .alarm_history import HistoryItem
    from .alarms import AlarmBoard
    from .composite_rules import AlarmRule

_NOT_MODELLED = ("ActionsSuppressor",)


@dataclass(frozen=True, slots=True)
class CompositeAlarm:
    """One composite alarm: its rule, its state, and the state before."""

    name: str
    arn: str
    request: Mapping[str, Any]
    rule: AlarmRule
    configured_at: datetime
    state: StateReading
    previous: StateReading | None
    transitioned_at: datetime


class CompositeBoard:
    """All composite alarms over the metric alarms of a board; no composites of composites."""

    def __init__(self, metric_alarms: AlarmBoard, clock: Clock, arn_prefix: str) -> None:
        self._metric_alarms = metric_alarms
        self._clock = clock
        self._arn_prefix = arn_prefix
        self._alarms: dict[str, CompositeAlarm] = {}
        self._history = History()
        self._listeners: list[Callable[[CompositeAlarm], None]] = []
        metric_alarms.on_transition(lambda moved, _old, _new: self._follow(moved.name))

    def put(self, request: Mapping[str, Any]) -> CompositeAlarm:
        """Create a composite alarm or replace its rule, and evaluate it at once.

        Raises:
            Refusal: the rule can't be read, or names an alarm that isn't a metric alarm.
        """
        for field in _NOT_MODELLED:
            if field in request:
                raise refuse(f"The twin does not model composite alarms with {field}.")
        name, rule, now = request["AlarmName"], parse_rule(request["AlarmRule"]), self._clock.now()
        unknown = [n for n in rule.alarm_names if self._metric_alarms.state(n) is None]
        if unknown:
            raise refuse(f"AlarmRule names alarms that are no metric alarms: {', '.join(unknown)}")
        known = self._alarms.get(name)
        initial = StateReading(StateValue.INSUFFICIENT_DATA, CREATION_REASON, None, now)
        self._alarms[name] = (
            replace(known, request=request, rule=rule, configured_at=now)
            if known
            else CompositeAlarm(
                name, self._arn_prefix + name, request, rule, now, initial, None, now
            )
        )
        self._evaluate(name, cause=None)
        return self._alarms[name]

    def get(self, name: str) -> CompositeAlarm | None:
        """The composite alarm of that name, if there is one."""
        return self._alarms.get(name)

    def alarms(self) -> list[CompositeAlarm]:
        """Every composite alarm, by name."""
        return [self._alarms[name] for name in sorted(self._alarms)]

    def state(self, name: str) -> StateValue | None:
        """The alarm's state; None if there is no such composite alarm."""
        alarm = self._alarms.get(name)
        return None if alarm is None else alarm.state.value

    def set_state(self, name: str, reading: StateReading) -> None:
        """Put an alarm into a state by hand, until an alarm that it watches changes its state."""
        self._move(self._alarms[name], reading)

    def delete(self, name: str) -> CompositeAlarm:
        """Remove an alarm; its history stays."""
        return self._alarms.pop(name)

    def history(self) -> list[HistoryItem]:
        """Every transition, oldest first."""
        return self._history.items()

    def on_transition(self, listener: Callable[[CompositeAlarm], None]) -> None:
        """Call `listener(alarm)` after each change of an alarm's state."""
        self._listeners.append(listener)

    def _follow(self, moved: str) -> None:
        for alarm in self.alarms():
            if moved in alarm.rule.alarm_names:
                self._evaluate(alarm.name, cause=moved)

    def _evaluate(self, name: str, cause: str | None) -> None:
        alarm = self._alarms[name]
        is_red = alarm.rule.holds(self._metric_alarms.state)
        value = StateValue.ALARM if is_red else StateValue.OK
        if value is not alarm.state.value:
            self._move(alarm, self._explain(alarm, value, cause))

    def _explain(self, alarm: CompositeAlarm, value: StateValue, cause: str | None) -> StateReading:
        """The reason, in the form of the documented example of a composite alarm's event."""
        now = self._clock.now()
        trigger = None if cause is None else self._metric_alarms.get(cause)
        if trigger is None:
            return StateReading(value, f"{alarm.name} was created or changed", None, now)
        reason = (
            f"{trigger.arn} transitioned to {trigger.state.value} at "
            f"{trigger.state.at:%A %d %B, %Y %H:%M:%S} UTC"
        )
        told = {"value": trigger.state.value, "timestamp": format_moment(trigger.state.at)}
        reason_data = {"triggeringAlarms": [{"arn": trigger.arn, "state": told}]}
        document = json.dumps(reason_data, separators=(",", ":"))
        return StateReading(value, reason, document, now, is_by_hand=trigger.state.is_by_hand)

    def _move(self, alarm: CompositeAlarm, reading: StateReading) -> None:
        old = alarm.state
        if reading.value is old.value:
            self._alarms[alarm.name] = replace(alarm, state=reading)
            return
        moved = replace(alarm, state=reading, previous=old, transitioned_at=reading.at)
        self._alarms[alarm.name] = moved
        self._history.add(recount_transition(alarm.name, old, reading))
        for listener in self._listeners:
            listener(moved)
