"""AlarmRule: when a composite alarm is red, in terms of the states of other alarms.

Source: PutCompositeAlarm, AlarmRule: functions of an alarm's name or ARN, quoted or not, under AND,
OR, NOT and parentheses. Which operator binds closest isn't written there; the usual order is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .alarm_rules import StateValue
from .metric_queries import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

StateOf = Callable[[str], StateValue | None]
Condition = Callable[[StateOf], bool]

_TOKEN = re.compile(r'"[^"]*"|[()]|[^\s()"]+')
_CONSTANTS = {"TRUE": True, "FALSE": False}


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """A condition over alarms."""

    holds: Condition
    alarm_names: tuple[str, ...]


def parse_rule(text: str) -> AlarmRule:
    """Understand an AlarmRule.

    Raises:
        Refusal: it isn't one.
    """
    reader = _Reader(text)
    holds = reader.read_any()
    reader.expect_end()
    return AlarmRule(holds, tuple(dict.fromkeys(reader.alarm_names)))


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: Iterator[str] = iter(_TOKEN.findall(text))
        self._next = next(self._tokens, "")
        self.alarm_names: list[str] = []

    def read_any(self) -> Condition:
        parts = [self._read_all()]
        while self._take_if("OR"):
            parts.append(self._read_all())
        return lambda state_of: any(holds(state_of) for holds in parts)

    def expect_end(self) -> None:
        if self._next:
            raise self._unreadable()

    def _read_all(self) -> Condition:
        parts = [self._read_one()]
        while self._take_if("AND"):
            parts.append(self._read_one())
        return lambda state_of: all(holds(state_of) for holds in parts)

    def _read_one(self) -> Condition:
        if self._take_if("NOT"):
            inner = self._read_one()
            return lambda state_of: not inner(state_of)
        if self._take_if("("):
            group = self.read_any()
            self._expect(")")
            return group
        word = self._take()
        if word in _CONSTANTS:
            return lambda _state_of: _CONSTANTS[word]
        if word not in set(StateValue):
            raise self._unreadable()
        return self._read_function(StateValue(word))

    def _read_function(self, wanted: StateValue) -> Condition:
        self._expect("(")
        name = self._take().strip('"').rpartition(":alarm:")[2]
        self._expect(")")
        self.alarm_names.append(name)
        return lambda state_of: state_of(name) is wanted

    def _take(self) -> str:
        token, self._next = self._next, next(self._tokens, "")
        return token

    def _take_if(self, token: str) -> bool:
        is_next = self._next == token
        if is_next:
            self._take()
        return is_next

    def _expect(self, token: str) -> None:
        if not self._take_if(token):
            raise self._unreadable()

    def _unreadable(self) -> Exception:
        return refuse(f"AlarmRule is not one that can be read: {self._text}")
