"""The alarms of the account, evaluated in virtual time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import floor
from typing import TYPE_CHECKING, Any

from switchover_local.twin.wire.refusals import Refusal

from .alarm import Alarm
from .alarm_definition import parse_alarm
from .alarm_history import History, recount_configuration, recount_notice, recount_transition
from .alarm_reasons import (
    CREATION_REASON,
    StateReading,
    explain,
)
from .alarm_rules import AS_IN_THE_TABLES, GapRules, StateValue
from .metrics import MetricStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from switchover_local.twin.agenda import Timer
    from switchover_local.twin.clock import Clock

    from .alarm_history import HistoryItem

_MINUTE_SECONDS = 60
_HIGH_RESOLUTION_SECONDS = 10

_ACTIONS = {
    StateValue.OK: "OKActions",
    StateValue.ALARM: "AlarmActions",
    StateValue.INSUFFICIENT_DATA: "InsufficientDataActions",
}


@dataclass(frozen=True, slots=True)
class Habits:
    """How CloudWatch evaluates alarms, in points that its documents leave open.

    ingestion_seconds: the time until a period's data count as complete.
    extra_periods: how far beyond EvaluationPeriods the evaluation range reaches back.
    gaps: how to judge an alarm that lacks data and whose only data are breaches.
    """

    ingestion_seconds: float = 60
    extra_periods: int = 2
    gaps: GapRules = AS_IN_THE_TABLES


class AlarmBoard:
    """All alarms, evaluated each virtual minute (each 10 s for periods of 10, 20 and 30 s).

    Args:
        habits: gives the habits of CloudWatch; called at each look.
    """

    def __init__(
        self,
        store: MetricStore,
        clock: Clock,
        *,
        account_id: str = "000000000000",
        region: str = "us-east-1",
        habits: Callable[[], Habits] = Habits,
    ) -> None:
        self._store = store
        self._clock = clock
        self.arn_prefix = f"arn:aws:cloudwatch:{region}:{account_id}:alarm:"
        self._habits = habits
        self._alarms: dict[str, Alarm] = {}
        self._history = History()
        self._listeners: list[Callable[[Alarm, StateValue, StateValue], None]] = []
        self._timer: Timer | None = None
        # Tells which alarms to skip: in a long run, those of idle endpoints.
        self.passes_over: Callable[[str], bool] = lambda _name: False

    def put(self, request: Mapping[str, Any]) -> Alarm:
        """Create an alarm, or replace its definition and keep its state.

        Raises:
        Refusal: the definition is invalid.
        """
        definition = parse_alarm(request)
        now = self._clock.now()
        known = self._alarms.get(definition.name)
        are_actions_enabled = request.get("ActionsEnabled", True)
        if known is None:
            initial = StateReading(StateValue.INSUFFICIENT_DATA, CREATION_REASON, None, now)
            arn = self.arn_prefix + definition.name
            alarm = Alarm(definition, arn, now, initial, None, now, are_actions_enabled)
        else:
            alarm = replace(
                known,
                definition=definition,
                configured_at=now,
                are_actions_enabled=are_actions_enabled,
            )
        # Evaluated once without data, so that an expression with wrong types is refused now.
        definition.observe(MetricStore(), until=0, extra_periods=0)
        self._alarms[definition.name] = alarm
        self._history.add(recount_configuration(alarm, "updated" if known else "created", now))
        self._plan_next_look()
        return alarm

    def get(self, name: str) -> Alarm | None:
        """The alarm of that name, if there is one."""
        return self._alarms.get(name)

    def alarms(self) -> list[Alarm]:
        """Every alarm, by name."""
        return [self._alarms[name] for name in sorted(self._alarms)]

    def state(self, name: str) -> StateValue | None:
        """The alarm's state; None if there is no such alarm."""
        alarm = self._alarms.get(name)
        return None if alarm is None else alarm.state.value

    def set_state(
        self,
        name: str,
        value: StateValue,
        reason: str,
        reason_data: str | None = None,
        *,
        is_by_hand: bool = False,
    ) -> None:
        """Put an alarm into a state; its next evaluation may change it again.

        Args:
            is_by_hand: whether SetAlarmState was called. A scenario may make deployments ignore this.

        Raises:
            Refusal: there is no such alarm.
        """
        alarm = self._alarms.get(name)
        if alarm is None:
            raise Refusal("ResourceNotFound", f"Alarm {name} does not exist.", status=404)
        now = self._clock.now()
        self._move(alarm, StateReading(value, reason, reason_data, now, is_by_hand=is_by_hand))

    def enable_actions(self, names: Iterable[str], *, is_enabled: bool) -> None:
        """Enable or disable the actions of alarms; unknown names are ignored, as on AWS."""
        for name in names:
            if name in self._alarms:
                self._alarms[name] = replace(self._alarms[name], are_actions_enabled=is_enabled)

    def delete(self, names: Iterable[str]) -> None:
        """Remove alarms; their history stays.

        Raises:
            Refusal: an alarm doesn't exist; then none is removed.
        """
        doomed = list(dict.fromkeys(names))
        unknown = [name for name in doomed if name not in self._alarms]
        if unknown:
            raise Refusal("ResourceNotFound", f"Alarms not found: {', '.join(unknown)}", status=404)
        for name in doomed:
            doomed_alarm = self._alarms.pop(name)
            self._history.add(recount_configuration(doomed_alarm, "deleted", self._clock.now()))

    def history(self) -> list[HistoryItem]:
        """The history of all alarms, deleted ones included, oldest line first."""
        return self._history.items()

    def on_transition(self, listener: Callable[[Alarm, StateValue, StateValue], None]) -> None:
        """Call `listener(alarm, old, new)` whenever an alarm's state changes.

        The alarm is already in its new state; `alarm.previous` is the earlier reading.
        """
        self._listeners.append(listener)

    def _plan_next_look(self) -> None:
        is_any_high = any(a.definition.is_high_resolution for a in self._alarms.values())
        step = _HIGH_RESOLUTION_SECONDS if is_any_high else _MINUTE_SECONDS
        next_look = (floor(self._clock.now().timestamp() / step) + 1) * step
        due = datetime.fromtimestamp(next_look, UTC)
        if self._timer is not None:
            if self._timer.due <= due:  # it may be due at this very moment, and must not be lost
                return
            self._timer.cancel()
        self._timer = self._clock.call_at(due, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._alarms:
            return
        self._plan_next_look()
        now = self._clock.now()
        habits = self._habits()
        is_whole_minute = now.timestamp() % _MINUTE_SECONDS == 0
        for name in sorted(name for name in self._alarms if not self.passes_over(name)):
            alarm = self._alarms.get(name)  # a listener may have deleted it
            if alarm and (is_whole_minute or alarm.definition.is_high_resolution):
                self._evaluate(alarm, now, habits)

    def _evaluate(self, alarm: Alarm, now: datetime, habits: Habits) -> None:
        definition = alarm.definition
        step = _HIGH_RESOLUTION_SECONDS if definition.is_high_resolution else _MINUTE_SECONDS
        until = floor((now.timestamp() - habits.ingestion_seconds) / step) * step
        seen = definition.observe(self._store, until=until, extra_periods=habits.extra_periods)
        verdict = definition.rule.judge(seen.breaches, habits.gaps)
        if verdict is None or verdict is alarm.state.value or definition.has_low_samples(seen):
            return
        self._move(alarm, explain(definition, seen, verdict, now))

    def _move(self, alarm: Alarm, reading: StateReading) -> None:
        old = alarm.state
        if reading.value is old.value:
            self._alarms[alarm.name] = replace(alarm, state=reading)
            return
        moved = replace(alarm, state=reading, previous=old, transitioned_at=reading.at)
        self._alarms[alarm.name] = moved
        self._history.add(recount_transition(moved.name, old, reading))
        self._act(moved)
        for listener in self._listeners:
            listener(moved, old.value, reading.value)

    def _act(self, alarm: Alarm) -> None:
        """Record the notification of subscribers. The twin doesn't deliver it (docs/twin.md)."""
        if not alarm.are_actions_enabled:
            return
        for arn in alarm.definition.request.get(_ACTIONS[alarm.state.value], []):
            if ":sns:" in arn:
                self._history.add(recount_notice(alarm, arn))
