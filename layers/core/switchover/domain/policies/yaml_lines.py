"""Reads YAML with the line of each key, and finds repeated keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from switchover.domain.bounded_yaml import BoundedLoader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MERGE = "tag:yaml.org,2002:merge"
_DATE = "tag:yaml.org,2002:timestamp"
_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})


@dataclass(frozen=True, slots=True)
class Repeat:
    """A dotted key that occurs twice in one mapping."""

    key: str
    line: int
    first_line: int


@dataclass(frozen=True, slots=True)
class LinedYaml:
    """A document: its content, the line (from 1) of each dotted key and list entry, and repeated keys."""

    content: object
    lines: Mapping[str, int]
    repeats: Sequence[Repeat]


def read_yaml(raw: bytes | str) -> LinedYaml:
    """Read one document of plain values; the last value of a repeated key counts.

    Raises:
        yaml.YAMLError, ValueError: the text isn't a YAML document of plain values.
        Unreadable: the document exceeds a limit.
    """
    loader = BoundedLoader(raw)
    try:
        node = loader.get_single_node()
        reader = _Reader(loader)
        content = None if node is None else reader.read(node, "")
    finally:
        loader.dispose()
    return LinedYaml(content, reader.lines, reader.repeats)


class _Reader:
    """Turns YAML nodes into values, and notes the lines and the repeated keys."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self.lines: dict[str, int] = {}
        self.repeats: list[Repeat] = []

    def read(self, node: yaml.Node, path: str) -> object:
        match node:
            case yaml.MappingNode(tag=yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG):
                return self._read_mapping(node, path)
            case yaml.SequenceNode(tag=yaml.resolver.BaseResolver.DEFAULT_SEQUENCE_TAG):
                return self._read_sequence(node, path)
            case yaml.ScalarNode() if node.tag == _DATE or _is_clock_time(node):
                # YAML 1.1 reads 2026-12-24 as a date and 22:00 as 1320. YAML 1.2 and people mean text.
                return str(node.value)
            case _:
                value: object = self._loader.construct_object(node, deep=True)
                return value

    def _read_sequence(self, node: yaml.SequenceNode, path: str) -> list[object]:
        values = []
        for number, entry in enumerate(node.value):
            place = f"{path}[{number}]"
            self.lines[place] = entry.start_mark.line + 1
            values.append(self.read(entry, place))
        return values

    def _read_mapping(self, node: yaml.MappingNode, path: str) -> dict[str, object]:
        own = [entry for entry in node.value if entry[0].tag != _MERGE]
        self._note_lines(own, path)
        self._loader.flatten_mapping(node)
        values: dict[str, object] = {}
        for key, value in node.value:
            values[_key(key)] = self.read(value, _dotted(path, _key(key)))
        return values

    def _note_lines(self, entries: Sequence[tuple[yaml.Node, yaml.Node]], path: str) -> None:
        first: dict[str, int] = {}
        for key, _ in entries:
            dotted, line = _dotted(path, _key(key)), key.start_mark.line + 1
            if dotted in first:
                self.repeats.append(Repeat(dotted, line, first[dotted]))
            first.setdefault(dotted, line)
            self.lines[dotted] = line


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise yaml.constructor.ConstructorError(
            None, None, "a key is one word, not a list or mapping", node.start_mark
        )
    # The text as written: YAML 1.1 would turn the key `on` into true.
    return str(node.value)


def _dotted(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _is_clock_time(node: yaml.ScalarNode) -> bool:
    return node.tag in _NUMBERS and ":" in node.value
