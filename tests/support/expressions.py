"""The DynamoDB expressions that the product uses: conditions and updates.

Each text is parsed once into a function. A feature that isn't modelled is an error.
Source: DynamoDB Developer Guide, "Condition and filter expressions" and "Update expressions".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from tests.support.definition import NotModelled

Item = dict[str, Any]
# The value of a part of an expression for an item; None if an attribute is missing.
Value = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
Holds = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]

_TOKEN = re.compile(r"\s*([#:]?[A-Za-z_][\w]*|<>|<=|>=|[=<>(),+-])")
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CLAUSES = frozenset({"SET", "REMOVE", "ADD", "DELETE"})


def plain(value: Mapping[str, Any]) -> Any:
    """A value in comparable form: numbers as numbers, sets as sets."""
    ((kind, held),) = value.items()
    if kind == "N":
        return Decimal(held)
    return frozenset(held) if kind in {"SS", "NS", "BS"} else held


@dataclass(slots=True)
class _Tokens:
    names: Mapping[str, str]
    left: list[str] = field(default_factory=list)

    def peek(self) -> str:
        return self.left[0] if self.left else ""

    def take(self) -> str:
        return self.left.pop(0)

    def takes(self, *wanted: str) -> bool:
        if self.peek().upper() not in wanted:
            return False
        self.left.pop(0)
        return True

    def expect(self, wanted: str) -> None:
        if not self.takes(wanted):
            raise NotModelled(f"{wanted} is missing before {self.left}")

    def name(self) -> str:
        token = self.take()
        return self.names[token] if token.startswith("#") else token


def condition(text: str, names: Mapping[str, str]) -> Holds:
    """Whether an item meets a condition, given the values by name."""
    return _condition(text, tuple(sorted(names.items())))


def update(text: str, names: Mapping[str, str]) -> Callable[[Item, Mapping[str, Any]], None]:
    """The item after an update expression."""
    return _update(text, tuple(sorted(names.items())))


def _tokens(text: str, names: tuple[tuple[str, str], ...]) -> _Tokens:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotModelled(f"an expression with {text[at:]!r}")
        found.append(match[1])
        at = match.end()
    return _Tokens(dict(names), found)


@cache
def _condition(text: str, names: tuple[tuple[str, str], ...]) -> Holds:
    tokens = _tokens(text, names)
    parsed = _either(tokens)
    if tokens.left:
        raise NotModelled(f"{tokens.left} after a condition")
    return parsed


def _either(tokens: _Tokens) -> Holds:
    parts = [_both(tokens)]
    while tokens.takes("OR"):
        parts.append(_both(tokens))
    return lambda item, values: any(part(item, values) for part in parts)


def _both(tokens: _Tokens) -> Holds:
    parts = [_single(tokens)]
    while tokens.takes("AND"):
        parts.append(_single(tokens))
    return lambda item, values: all(part(item, values) for part in parts)


def _single(tokens: _Tokens) -> Holds:
    if tokens.takes("NOT"):
        inner = _single(tokens)
        return lambda item, values: not inner(item, values)
    if tokens.takes("("):
        inner = _either(tokens)
        tokens.expect(")")
        return inner
    if len(tokens.left) > 1 and tokens.left[1] == "(" and tokens.peek() != "size":
        return _function(tokens)
    return _comparison(tokens)


def _function(tokens: _Tokens) -> Holds:
    called = tokens.take()
    tokens.expect("(")
    path = tokens.name()
    argument = _operand(tokens) if tokens.takes(",") else None
    tokens.expect(")")
    match called, argument:
        case "attribute_exists", None:
            return lambda item, _values: path in item
        case "attribute_not_exists", None:
            return lambda item, _values: path not in item
        case "attribute_type", wanted if wanted is not None:
            return lambda item, values: wanted(item, values) in item.get(path, ())
        case "begins_with", start if start is not None:
            return lambda item, values: (
                path in item and plain(item[path]).startswith(start(item, values))
            )
        case "contains", part if part is not None:
            return lambda item, values: path in item and part(item, values) in plain(item[path])
    raise NotModelled(f"the function {called}")


def _comparison(tokens: _Tokens) -> Holds:
    left = _operand(tokens)
    if tokens.takes("IN"):
        tokens.expect("(")
        choices = [_operand(tokens)]
        while tokens.takes(","):
            choices.append(_operand(tokens))
        tokens.expect(")")
        return lambda item, values: left(item, values) in [one(item, values) for one in choices]
    if tokens.takes("BETWEEN"):
        low = _operand(tokens)
        tokens.expect("AND")
        high = _operand(tokens)
        return lambda item, values: (
            (found := left(item, values)) is not None
            and low(item, values) <= found <= high(item, values)
        )
    compare, right = _COMPARISONS[tokens.take()], _operand(tokens)

    def holds(item: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
        one, other = left(item, values), right(item, values)
        # A missing value, or one of another type, is neither equal, smaller nor greater.
        return type(one) is type(other) and one is not None and compare(one, other)

    return holds


def _operand(tokens: _Tokens) -> Value:
    if tokens.peek().startswith(":"):
        name = tokens.take()
        return lambda _item, values: plain(values[name])
    if tokens.peek() == "size" and tokens.left[1] == "(":
        tokens.take()
        tokens.expect("(")
        path = tokens.name()
        tokens.expect(")")
        return lambda item, _values: (
            Decimal(len(next(iter(item[path].values())))) if path in item else None
        )
    path = tokens.name()
    return lambda item, _values: plain(item[path]) if path in item else None


@cache
def _update(
    text: str, names: tuple[tuple[str, str], ...]
) -> Callable[[Item, Mapping[str, Any]], None]:
    tokens = _tokens(text, names)
    acts: list[Callable[[Item, Mapping[str, Any], Item], None]] = []
    while tokens.left:
        clause = tokens.take().upper()
        if clause not in _CLAUSES:
            raise NotModelled(f"the clause {clause}")
        acts.append(_act(clause, tokens))
        while tokens.takes(","):
            acts.append(_act(clause, tokens))

    def apply(item: Item, values: Mapping[str, Any]) -> None:
        before = dict(item)  # every part sees the item as it was
        for act in acts:
            act(before, values, item)

    return apply


def _act(clause: str, tokens: _Tokens) -> Callable[[Item, Mapping[str, Any], Item], None]:
    path = tokens.name()
    match clause:
        case "REMOVE":
            return lambda _before, _values, item: item.pop(path, None)
        case "SET":
            tokens.expect("=")
            value = _sum(tokens)

            def put(before: Item, values: Mapping[str, Any], item: Item) -> None:
                item[path] = value(before, values)

            return put
    name = tokens.take()
    sign = 1 if clause == "ADD" else -1

    def change(before: Item, values: Mapping[str, Any], item: Item) -> None:
        _add(item, path, values[name], sign)

    return change


def _add(item: Item, path: str, value: Mapping[str, Any], sign: int) -> None:
    """ADD or DELETE: numbers are added, sets are united or subtracted."""
    ((kind, given),) = value.items()
    if kind == "N" and sign > 0:
        item[path] = {"N": str(Decimal(item.get(path, {"N": "0"})["N"]) + Decimal(given))}
        return
    if kind not in {"SS", "NS", "BS"}:
        raise NotModelled(f"ADD or DELETE of {kind}")
    had = set(item.get(path, {}).get(kind, ()))
    left = had | set(given) if sign > 0 else had - set(given)
    if left:
        item[path] = {kind: sorted(left)}
    else:
        item.pop(path, None)


def _sum(tokens: _Tokens) -> Value:
    value = _term(tokens)
    while tokens.peek() in {"+", "-"}:
        sign = 1 if tokens.take() == "+" else -1
        value = _plus(value, _term(tokens), sign)
    return value


def _plus(one: Value, other: Value, sign: int) -> Value:
    return lambda item, values: {
        "N": str(Decimal(one(item, values)["N"]) + sign * Decimal(other(item, values)["N"]))
    }


def _term(tokens: _Tokens) -> Value:
    if tokens.peek().startswith(":"):
        name = tokens.take()
        return lambda _item, values: values[name]
    if tokens.peek() == "if_not_exists":
        tokens.take()
        tokens.expect("(")
        path = tokens.name()
        tokens.expect(",")
        otherwise = _term(tokens)
        tokens.expect(")")
        return lambda item, values: item[path] if path in item else otherwise(item, values)
    path = tokens.name()
    return lambda item, _values: item[path]
