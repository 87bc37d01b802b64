"""The indexes of DynamoDB's tables: what they hold, and what a change costs in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.definition import NotModelled
from tests.support.table_units import written_units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.expressions import Item


@dataclass(frozen=True, slots=True)
class Index:
    """By which attributes an index sorts, and what it holds beside the keys; None is everything."""

    partition: str
    order: str
    held: frozenset[str] | None = None

    def place(self, item: Item) -> tuple[str, str] | None:
        """Where the index sorts an item; None if it leaves the item out."""
        if self.partition not in item or self.order not in item:
            return None
        return item[self.partition]["S"], item[self.order]["S"]

    def project(self, item: Item) -> Item:
        """What the index holds of an item."""
        if self.held is None:
            return dict(item)
        held = self.held | {"pk", "sk", self.partition, self.order}
        return {name: value for name, value in item.items() if name in held}


def index_units(index: Index, before: Item, after: Item) -> int:
    """What a change of an item costs in an index: nothing if the index holds none of it.

    Source: DynamoDB Developer Guide, "Using Global Secondary Indexes", "Write capacity units".
    """
    old, new = index.place(before), index.place(after)
    if old == new:
        is_same = old is None or index.project(before) == index.project(after)
        return 0 if is_same else written_units(index.project(after))
    gone = 0 if old is None else written_units(index.project(before))
    come = 0 if new is None else written_units(index.project(after))
    return gone + come


def read_index(told: Mapping[str, Any]) -> Index:
    """The index that CreateTable or the template words."""
    keys = {key["KeyType"]: key["AttributeName"] for key in told["KeySchema"]}
    match told["Projection"]:
        case {"ProjectionType": "ALL"}:
            held = None
        case {"ProjectionType": "KEYS_ONLY"}:
            held = frozenset[str]()
        case {"ProjectionType": "INCLUDE", "NonKeyAttributes": included}:
            held = frozenset(included)
        case other:
            raise NotModelled(f"the projection {other}")
    return Index(keys["HASH"], keys["RANGE"], held)
