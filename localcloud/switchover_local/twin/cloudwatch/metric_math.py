"""CloudWatch metric math: the part of it that people use in alarms and dashboards.

After `&&`, `||` and `^` are replaced, the syntax is a subset of Python's. So Python's own parser reads
it, and only the node types listed here are evaluated.

Source: CloudWatch user guide, "Using math expressions with CloudWatch metrics".
"""

from __future__ import annotations

import ast
import math
import operator
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .metric_series import (
    Compute,
    Grid,
    MathError,
    Points,
    Value,
    both,
    either,
    interpolate,
    measure,
    repeat,
    value_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_RESPELLED = [(r"&&|\bAND\b", " and "), (r"\|\||\bOR\b", " or "), (r"\^", "**")]
_FILL_WORDS = {"REPEAT", "LINEAR"}


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed metric math expression."""

    text: str
    tree: ast.expr
    names: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Read an expression.

        Raises:
            MathError: the text isn't an expression, or uses a function that isn't modelled.
        """
        respelled = text
        for pattern, python in _RESPELLED:
            respelled = re.sub(pattern, python, respelled)
        try:
            tree = ast.parse(respelled.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise MathError(
                f"Error in expression '{text}': not a metric math expression"
            ) from error
        names = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                _function_named(node)
            elif isinstance(node, ast.Name):
                names.add(node.id)
        return cls(text, tree, frozenset(names - _FUNCTIONS.keys() - _FILL_WORDS))

    def evaluate(self, series: Mapping[str, Value], grid: Grid) -> Value:
        """Compute the expression over the grid.

        Raises:
            MathError: a name isn't in `series`, or the types don't fit.
        """
        try:
            return _Evaluation(self.text, series, grid).value_of(self.tree)
        except RecursionError:
            raise MathError(f"Error in expression '{self.text}': it nests too deeply") from None
        except OverflowError:
            raise MathError(f"Error in expression '{self.text}': a number is too large") from None


class _Evaluation:
    def __init__(self, text: str, series: Mapping[str, Value], grid: Grid) -> None:
        self._text = text
        self._series = series
        self._grid = grid

    def value_of(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant() | ast.Name():
                return self._leaf(node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._combine(operator.sub, 0.0, self.value_of(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return self._combine(
                    _OPERATORS[type(op)], self.value_of(left), self.value_of(right)
                )
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
                return self._combine(
                    _OPERATORS[type(op)], self.value_of(left), self.value_of(right)
                )
            case ast.BoolOp(op=op, values=values):
                return self._join(op, values)
            case ast.List(elts=items):
                return [self._series_from(self.value_of(item)) for item in items]
            case ast.Call():
                return _function_named(node)(self, node.args)
            case _:
                raise self._error(f"{ast.unparse(node)} is not metric math")

    def _leaf(self, node: ast.Constant | ast.Name) -> Value:
        if isinstance(node, ast.Name):
            if node.id in self._series:
                return self._series[node.id]
            raise self._error(f"there is no metric with the id {node.id}")
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return float(node.value)
        raise self._error(f"{node.value!r} is not a number")

    def _join(self, op: ast.boolop, operands: Sequence[ast.expr]) -> Value:
        truth = both if isinstance(op, ast.And) else either
        joined = self.value_of(operands[0])
        for operand in operands[1:]:
            joined = self._combine(truth, joined, self.value_of(operand))
        return joined

    def _combine(self, compute: Compute, left: Value, right: Value) -> Value:
        if isinstance(left, list) or isinstance(right, list):
            raise self._error("an array can only be the argument of a function")
        if isinstance(left, dict):
            pairs = (
                ((t, v, right[t]) for t, v in left.items() if t in right)
                if isinstance(right, dict)
                else ((t, v, right) for t, v in left.items())
            )
        elif isinstance(right, dict):
            pairs = ((t, left, v) for t, v in right.items())
        else:
            return measure(compute, left, right)
        computed = {t: measure(compute, a, b) for t, a, b in pairs}
        return {t: v for t, v in computed.items() if math.isfinite(v)}

    def _series_from(self, value: Value) -> Points:
        if isinstance(value, dict):
            return value
        raise self._error("an array holds series only")

    def _error(self, why: str) -> MathError:
        return MathError(f"Error in expression '{self._text}': {why}")

    # The functions of metric math, by CloudWatch's names (in lower case).

    def fold(self, args: Sequence[ast.expr], over: Callable[[Sequence[float]], float]) -> Value:
        (only,) = self._arguments(args, 1)
        if isinstance(only, list):
            moments = sorted({t for points in only for t in points})
            return {t: over([points[t] for points in only if t in points]) for t in moments}
        if isinstance(only, dict):
            return over(list(only.values())) if only else math.nan
        return only

    def each(self, args: Sequence[ast.expr], compute: Callable[[float], float]) -> Value:
        (only,) = self._arguments(args, 1)
        return self._combine(lambda value, _: compute(value), only, 0.0)

    def choose(self, args: Sequence[ast.expr]) -> Value:
        condition, *given = self._arguments(args, 2, 3)
        branches = [branch for branch in given if not isinstance(branch, list)]
        if isinstance(condition, list) or len(branches) < len(given):
            raise self._error("IF takes series and numbers")
        then, otherwise = branches[0], branches[1] if len(branches) > 1 else {}
        if not isinstance(condition, dict):
            return then if condition else otherwise
        chosen = {t: value_at(then if is_met else otherwise, t) for t, is_met in condition.items()}
        return {t: value for t, value in chosen.items() if value is not None}

    def fill(self, args: Sequence[ast.expr]) -> Value:
        if len(args) != 2:
            raise self._error("FILL takes a metric and what to fill it with")
        gapped = self.value_of(args[0])
        if isinstance(gapped, float | int):
            raise self._error("FILL takes a series")
        if isinstance(gapped, list):
            return [self._fill_one(points, args[1]) for points in gapped]
        return self._fill_one(gapped, args[1])

    def _fill_one(self, points: Points, filler: ast.expr) -> Points:
        moments = self._grid.moments()
        match filler:
            case ast.Name(id="REPEAT"):
                return repeat(points, moments)
            case ast.Name(id="LINEAR"):
                return interpolate(points, moments)
        with_what = self.value_of(filler)
        if isinstance(with_what, list):
            raise self._error("FILL takes one filler")
        filled = {t: points.get(t, value_at(with_what, t)) for t in moments}
        return {t: value for t, value in filled.items() if value is not None}

    def rate(self, args: Sequence[ast.expr]) -> Value:
        (only,) = self._arguments(args, 1)
        if not isinstance(only, dict):
            raise self._error("RATE takes one series")
        moments = sorted(only)
        return {
            now: (only[now] - only[before]) / (now - before) for before, now in pairwise(moments)
        }

    def period(self, args: Sequence[ast.expr]) -> Value:
        self._arguments(args, 1)
        return float(self._grid.period_seconds)

    def _arguments(self, args: Sequence[ast.expr], least: int, most: int = 0) -> list[Value]:
        if not least <= len(args) <= max(least, most):
            raise self._error(f"wrong number of arguments: {len(args)}")
        return [self.value_of(arg) for arg in args]


_OPERATORS: dict[type[ast.operator | ast.cmpop], Compute] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[[_Evaluation, Sequence[ast.expr]], Value]] = {
    "SUM": lambda evaluation, args: evaluation.fold(args, math.fsum),
    "AVG": lambda evaluation, args: evaluation.fold(args, lambda v: math.fsum(v) / len(v)),
    "MIN": lambda evaluation, args: evaluation.fold(args, min),
    "MAX": lambda evaluation, args: evaluation.fold(args, max),
    "ABS": lambda evaluation, args: evaluation.each(args, abs),
    "CEIL": lambda evaluation, args: evaluation.each(args, math.ceil),
    "FLOOR": lambda evaluation, args: evaluation.each(args, math.floor),
    "IF": _Evaluation.choose,
    "FILL": _Evaluation.fill,
    "RATE": _Evaluation.rate,
    "PERIOD": _Evaluation.period,
}


def _function_named(call: ast.Call) -> Callable[[_Evaluation, Sequence[ast.expr]], Value]:
    name = call.func.id if isinstance(call.func, ast.Name) else ast.unparse(call.func)
    if name not in _FUNCTIONS:
        known = ", ".join(sorted(_FUNCTIONS))
        raise MathError(f"The twin does not model the metric math function {name} (it has {known})")
    return _FUNCTIONS[name]
