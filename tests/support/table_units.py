"""How long DynamoDB's items and pages are, and how many request units reading and writing them costs.

Source: DynamoDB Developer Guide, "Read and write request units": writes by the KB, reads by 4 KB, and
half of that if they are eventually consistent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.expressions import Item

# Source: API Reference, Query: "A single Query operation can return a maximum of 1 MB of data".
_PAGE_BYTES = 1024**2


@dataclass(slots=True)
class Page:
    """What one answer to a query has read so far."""

    limit: int | None
    items: int = 0
    read_bytes: int = 0
    last: Item = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Whether what follows is another page's."""
        return self.items == self.limit or self.read_bytes >= _PAGE_BYTES

    def take(self, key: tuple[str, str], item: Item) -> None:
        """Count one item."""
        self.items += 1
        self.read_bytes += size_of(item)
        self.last = {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def written_units(item: Item) -> int:
    """Of writing an item once."""
    return max(1, ceil(size_of(item) / 1024))


def read_units(read_bytes: int, asked: Mapping[str, Any]) -> float:
    """Of one answer, by the consistency that was asked for."""
    units = max(1, ceil(read_bytes / 4096))
    return units if asked.get("ConsistentRead") else units / 2


def size_of(item: Item) -> int:
    """An item in bytes, with the names of its attributes."""
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(value: Any) -> int:
    match value:
        case {"S": str(text)} | {"N": str(text)}:
            return len(text) if text.isascii() else len(text.encode())
        case {"B": data}:
            return len(data)
    return len(str(value))
