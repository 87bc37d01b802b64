"""AlarmRule: when a composite alarm is red, in terms of the states of other alarms.

Source: PutCompositeAlarm, AlarmRule: functions of an alarm's name or ARN, quoted or not, under AND,
OR, NOT and parentheses. The precedence of operators isn't documented; the usual one is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .alarm_rules import StateValue
from .metric_queries import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

StateOf = Callable[[str], StateValue | None]
Condition = Callable[[StateOf], bool]

_TOKEN = re.compile(r'"[^"]*"|[()]|[^\s()"]+')
# Source: PutCompositeAlarm, AlarmRule: "as many as 100 children alarms", "as many as 500 elements.
# Elements are child alarms, TRUE or FALSE statements, and parentheses."
_MOST_CHILDREN, _MOST_ELEMENTS = 100, 500
_CONSTANTS = {"TRUE": True, "FALSE": False}


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """A condition over alarms."""

    holds: Condition
    alarm_names: tuple[str, ...]


def parse_rule(text: str) -> AlarmRule:
    """Parse an AlarmRule.

    Raises:
        Refusal: the text isn't a rule.
    """
    reader = _Reader(text)
    holds = reader.read_any()
    reader.expect_end()
    names = tuple(dict.fromkeys(reader.alarm_names))
    if len(names) > _MOST_CHILDREN:
        raise refuse(f"AlarmRule names more than {_MOST_CHILDREN} alarms.")
    return AlarmRule(holds, names)


def _count_elements(tokens: Sequence[str]) -> int:
    """Child alarms, constants, and the parentheses that group; those of a function aren't counted."""
    alarms = sum(token in set(StateValue) for token in tokens)
    constants = sum(token in _CONSTANTS for token in tokens)
    return alarms + constants + 2 * max(0, tokens.count("(") - alarms)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        tokens = _TOKEN.findall(text)
        if _count_elements(tokens) > _MOST_ELEMENTS:
            raise refuse(f"AlarmRule has more than {_MOST_ELEMENTS} elements.")
        self._tokens: Iterator[str] = iter(tokens)
        self._next = next(self._tokens, "")
        self.alarm_names: list[str] = []

    def read_any(self) -> Condition:
        parts = [self._read_all()]
        while self._take_if("OR"):
            parts.append(self._read_all())
        if len(parts) == 1:
            return parts[0]
        return lambda state_of: any(holds(state_of) for holds in parts)

    def expect_end(self) -> None:
        if self._next:
            raise self._unreadable()

    def _read_all(self) -> Condition:
        parts = [self._read_one()]
        while self._take_if("AND"):
            parts.append(self._read_one())
        if len(parts) == 1:
            return parts[0]
        return lambda state_of: all(holds(state_of) for holds in parts)

    def _read_one(self) -> Condition:
        is_turned = False
        while self._take_if("NOT"):
            is_turned = not is_turned
        if self._take_if("("):
            inner = self.read_any()
            self._expect(")")
        else:
            inner = self._read_word()
        return (lambda state_of: not inner(state_of)) if is_turned else inner

    def _read_word(self) -> Condition:
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
