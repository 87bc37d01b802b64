"""Reads YAML within limits. An alias counts with its full size before it is expanded."""

from __future__ import annotations

import math
from typing import Any

import yaml

from switchover.domain.bounded import Limits, Unreadable, check_text

_PLAIN = ("null", "bool", "int", "float", "timestamp", "str", "seq", "map")
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
# A policy with every key takes 6 KB; PyYAML reads some 100 KB per second.
FILE_LIMITS = Limits(bytes=128 * 1024)


class BoundedLoader(yaml.SafeLoader):
    """Reads plain values within the limits.

    The merge key `<<` copies its target, so a few lines of nested aliases could fill any memory.
    Every node is counted when it is composed, and an alias counts with all values of its target. Tags
    for other than plain values, such as `!!binary` and `!!set`, are refused.
    """

    yaml_constructors = {  # noqa: RUF012  (PyYAML's own way)
        None: yaml.SafeLoader.yaml_constructors[None],
        **{
            tag: yaml.SafeLoader.yaml_constructors[tag]
            for tag in (f"tag:yaml.org,2002:{name}" for name in _PLAIN)
        },
    }

    def __init__(self, raw: bytes | str, limits: Limits = FILE_LIMITS) -> None:
        if len(raw) > limits.bytes:
            raise Unreadable(f"is longer than {limits.bytes} bytes")
        super().__init__(raw)
        self._limits = limits
        self._depth = 0
        self._count = 0
        self._height = 0
        # For each complete node, by identity: its number of values and of levels.
        self._sizes: dict[int, tuple[int, int]] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node and count its values.

        Raises:
            Unreadable: the node exceeds a limit, or contains itself.
        """
        is_alias = self.check_event(yaml.AliasEvent)
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if self._depth > self._limits.depth:
            raise Unreadable(f"is nested deeper than {self._limits.depth} levels")
        before, around = self._count, self._height
        self._height = 0
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if is_alias:
            if id(node) not in self._sizes:
                raise Unreadable(f"contains itself in line {event.start_mark.line + 1}")
            size, height = self._sizes[id(node)]
        else:
            size, height = self._count - before + 1, self._height + 1
            self._sizes[id(node)] = (size, height)
            _check_scalar(node, self._limits)
        self._count = before + size
        self._height = max(around, height)
        if self._count > self._limits.values:
            raise Unreadable(f"holds more than {self._limits.values} values")
        if self._depth + height > self._limits.depth + 1:
            raise Unreadable(f"is nested deeper than {self._limits.depth} levels")
        return node

    def get_single_node(self) -> yaml.Node | None:
        """The document's node.

        Raises:
            Unreadable: the document exceeds a limit, or names a character that isn't in Unicode.
        """
        try:
            return super().get_single_node()
        except OverflowError as error:
            raise Unreadable("names a character that doesn't exist in Unicode") from error

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
        """The value of a node.

        Raises:
            Unreadable: the value doesn't fit its tag, as in `!!int ''`.
        """
        try:
            return super().construct_object(node, deep)
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError) as error:
            raise Unreadable(
                f"holds an invalid value for the tag !!{node.tag.rpartition(':')[2]}{_in_line(node)}"
            ) from error

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """Read a number.

        Raises:
            Unreadable: the number is infinite or NaN.
        """
        number = float(super().construct_yaml_float(node))
        if not math.isfinite(number):
            raise Unreadable(f"holds {number}, which is not a number{_in_line(node)}")
        return number


BoundedLoader.add_constructor("tag:yaml.org,2002:float", BoundedLoader.construct_yaml_float)


def _check_scalar(node: Any, limits: Limits) -> None:
    if not isinstance(node, yaml.ScalarNode):
        return
    if node.tag in _NUMBERS and len(node.value) > limits.digits:
        raise Unreadable(f"holds a number of more than {limits.digits} digits{_in_line(node)}")
    try:
        check_text(node.value)
    except Unreadable as error:
        raise Unreadable(f"{error}{_in_line(node)}") from error


def _in_line(node: yaml.Node | None) -> str:
    return "" if node is None else f" in line {node.start_mark.line + 1}"
