"""Reads YAML within bounds: an alias counts with its full size before anything is expanded."""

from __future__ import annotations

import math
from typing import Any

import yaml

from switchover.domain.bounded import Limits, Unreadable, check_text

_PLAIN = ("null", "bool", "int", "float", "timestamp", "str", "seq", "map")
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
# A policy of every key there is takes 6 KB; PyYAML reads some 100 KB in a second.
FILE_LIMITS = Limits(bytes=128 * 1024)


class BoundedLoader(yaml.SafeLoader):
    """Reads plain values, and no more of them than the limits say.

    The merge key `<<` copies what it names, so that a few lines of aliases of aliases would fill any
    memory. Every node is counted as it is composed, an alias with all that it stands for. Tags that make
    anything but plain values, such as `!!binary` and `!!set`, aren't known.
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
        # Of each whole node, by its identity: how many it holds, and how many levels.
        self._sizes: dict[int, tuple[int, int]] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node and count what it holds.

        Raises:
            Unreadable: it is too much, or holds itself.
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
            Unreadable: it is too much, or a text names a character that Unicode hasn't.
        """
        try:
            return super().get_single_node()
        except OverflowError as error:
            raise Unreadable("names a character that doesn't exist in Unicode") from error

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
        """The value of a node.

        Raises:
            Unreadable: a tag says what the value isn't, such as `!!int ''`.
        """
        try:
            return super().construct_object(node, deep)
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError) as error:
            raise Unreadable(
                f"holds what isn't the {node.tag.rpartition(':')[2]} that its tag says{_in_line(node)}"
            ) from error

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """Read a number.

        Raises:
            Unreadable: it is infinite, or none.
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
