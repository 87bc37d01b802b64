"""The ledger's table in memory: a DynamoDB client's calls, a hundred times as cheap as moto's.

Stories ask it through a boto3 client (dynamodb.py), which checks each call against the API's model; runs
of many thousand updates ask it directly. A test holds it beside moto.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter, defaultdict
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords
from tests.support.definition import NotModelled
from tests.support.expressions import condition, update
from tests.support.table_indexes import Index, index_units, read_index
from tests.support.table_units import Page, read_units, size_of, written_units

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.support.expressions import Item

# Source: DynamoDB Developer Guide, "Quotas": an item, with the names of its attributes.
_ITEM_BYTES = 400 * 1024
_Key = tuple[str, str]
_BEGINS = re.compile(r"begins_with\(\s*[#\w]+\s*,\s*(:\w+)\s*\)")
_NAMED = re.compile(r"[#:]\w+")
# Words that begin neither with # nor with :, so that they are an attribute's name or syntax.
_WORD = re.compile(r"(?<![#:\w])[A-Za-z_]\w*")
_SYNTAX = frozenset(
    {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN", "SIZE", "CONTAINS"}
)
_RESERVED = frozenset(ReservedKeywords.get_reserved_keywords())


@dataclass(slots=True)
class Table:
    """One table with its indexes, and the client of it."""

    indexes: Mapping[str, Index]
    items: dict[_Key, Item] = field(default_factory=dict)
    # Request units: a failed condition costs them too. An index costs what it holds of the item, once if
    # that changes, twice if the item moves in it (DynamoDB Developer Guide, "Using Global Secondary
    # Indexes", "Write capacity units").
    written_units: int = 0
    read_units: float = 0
    calls: Counter[str] = field(default_factory=Counter)
    # By index (the table's own under ""), partition: what lies in it, sorted.
    _sorted: dict[str, dict[str, list[tuple[str, _Key]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    @classmethod
    def of(cls, indexes: Iterable[Mapping[str, Any]]) -> Table:
        """The table with such GlobalSecondaryIndexes, as CreateTable and the template word them."""
        return cls({index["IndexName"]: read_index(index) for index in indexes})

    def get_item(self, *, Key: Item, **asked: Any) -> dict[str, Any]:  # noqa: N803 - AWS's names
        """One item."""
        self.calls["GetItem"] += 1
        found = self.items.get(_key(Key))
        self.read_units += read_units(size_of(found or {}), asked)
        return {} if found is None else {"Item": dict(found)}

    def put_item(self, *, Item: Item, **asked: Any) -> dict[str, Any]:  # noqa: N803
        """Replace an item, if its condition holds."""
        self.calls["PutItem"] += 1
        self._check("PutItem", _key(Item), asked)
        self._write("PutItem", _key(Item), deepcopy(Item))
        return {}

    def update_item(self, *, Key: Item, UpdateExpression: str, **asked: Any) -> dict[str, Any]:  # noqa: N803
        """Change an item, or make it, if its condition holds."""
        self.calls["UpdateItem"] += 1
        key = _key(Key)
        self._check("UpdateItem", key, {**asked, "UpdateExpression": UpdateExpression})
        changed = dict(self.items.get(key, Key))
        act = update(UpdateExpression, asked.get("ExpressionAttributeNames", {}))
        act(changed, deepcopy(asked.get("ExpressionAttributeValues", {})))
        self._write("UpdateItem", key, changed)
        match asked.get("ReturnValues", "NONE"):
            case "NONE":
                return {}
            case "ALL_NEW":
                return {"Attributes": dict(changed)}
            case other:
                raise NotModelled(f"ReturnValues {other}")

    def delete_item(self, *, Key: Item, **asked: Any) -> dict[str, Any]:  # noqa: N803
        """Remove an item, if its condition holds; one that isn't there is removed."""
        self.calls["DeleteItem"] += 1
        self._check("DeleteItem", _key(Key), asked)
        self._forget(_key(Key))
        before = self.items.pop(_key(Key), {})
        self.written_units += written_units(before)
        self.written_units += sum(index_units(index, before, {}) for index in self.indexes.values())
        return {}

    def query(self, **asked: Any) -> dict[str, Any]:
        """The items of a partition, as one page: of `Limit` items, and of 1 MB."""
        self.calls["Query"] += 1
        _check_named("Query", asked)
        names = asked.get("ExpressionAttributeNames", {})
        values = asked.get("ExpressionAttributeValues", {})
        index = asked.get("IndexName", "")
        project = self.indexes[index].project if index else dict
        wanted = condition(asked["KeyConditionExpression"], names)
        filtered = (
            condition(asked["FilterExpression"], names) if "FilterExpression" in asked else None
        )
        found: list[Item] = []
        page = Page(asked.get("Limit"))
        for key in self._ask_for(index, asked):
            item = self.items[key]
            if not wanted(item, values):
                continue
            page.take(key, project(item))
            if filtered is None or filtered(item, values):
                found.append(project(item))
            if page.is_full:
                break
        self.read_units += read_units(page.read_bytes, asked)
        more = {"LastEvaluatedKey": page.last} if page.is_full else {}
        return {"Items": found, "Count": len(found), **more}

    def _ask_for(self, index: str, asked: Mapping[str, Any]) -> Iterator[_Key]:
        """The keys that a query may want, in its order, behind its start."""
        names = asked.get("ExpressionAttributeNames", {})
        values = asked.get("ExpressionAttributeValues", {})
        attribute = self.indexes[index].partition if index else "pk"
        text = asked["KeyConditionExpression"]
        placed = self._sorted[index].get(_partition(text, attribute, names, values), [])
        prefix = _prefix(text, values)
        first = bisect.bisect_left(placed, (prefix,))
        last = bisect.bisect_left(placed, (f"{prefix}\U0010ffff",)) if prefix else len(placed)
        is_forward = asked.get("ScanIndexForward", True)
        if start := asked.get("ExclusiveStartKey"):
            behind = self._place_of(index, _key(start))
            first = bisect.bisect_right(placed, behind) if is_forward else first
            last = last if is_forward else bisect.bisect_left(placed, behind)
        numbers = range(first, last)
        return (placed[number][1] for number in (numbers if is_forward else reversed(numbers)))

    def _place_of(self, index: str, key: _Key) -> tuple[str, _Key]:
        orders = {name: order for name, (_, order) in self._places(self.items[key])}
        return orders[index], key

    def scan(self, **_: Any) -> dict[str, Any]:
        """All items, as one page."""
        self.calls["Scan"] += 1
        return {"Items": [dict(item) for item in self.items.values()], "Count": len(self.items)}

    def get_paginator(self, operation: str) -> Pages:
        """All pages of a query."""
        if operation != "query":
            raise NotModelled(f"pages of {operation}")
        return Pages(self)

    def _check(self, operation: str, key: _Key, asked: Mapping[str, Any]) -> None:
        _check_named(operation, asked)
        text = asked.get("ConditionExpression")
        if text is None:
            return
        holds = condition(text, asked.get("ExpressionAttributeNames", {}))
        if not holds(self.items.get(key, {}), asked.get("ExpressionAttributeValues", {})):
            self.written_units += written_units(self.items.get(key, {}))
            raise refusal("ConditionalCheckFailedException", operation)

    def _write(self, operation: str, key: _Key, item: Item) -> None:
        if size_of(item) > _ITEM_BYTES:
            raise refusal("ValidationException", operation, "Item size has exceeded the maximum")
        before = self.items.get(key, {})
        self._forget(key)
        self.items[key] = item
        self.written_units += max(written_units(before), written_units(item))
        self.written_units += sum(
            index_units(index, before, item) for index in self.indexes.values()
        )
        for index, (partition, order) in self._places(item):
            bisect.insort(self._sorted[index][partition], (order, key))

    def _forget(self, key: _Key) -> None:
        if key in self.items:
            for index, (partition, order) in self._places(self.items[key]):
                self._sorted[index][partition].remove((order, key))

    def _places(self, item: Item) -> Iterator[tuple[str, _Key]]:
        yield "", _key(item)
        for name, index in self.indexes.items():
            if (place := index.place(item)) is not None:
                yield name, place


@dataclass(frozen=True, slots=True)
class Pages:
    """Queries from their first page to their last."""

    table: Table

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        """Each page; `Limit` is a page's, as the paginator of boto3 has it."""
        while True:
            page = self.table.query(**asked)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _partition(
    text: str, attribute: str, names: Mapping[str, str], values: Mapping[str, Any]
) -> str:
    """The partition that a key condition names: its first equality."""
    left, _, rest = text.partition("=")
    name = names.get(left.strip(), left.strip())
    if name != attribute:
        raise NotModelled(f"a key condition that begins with {name}")
    return str(values[rest.split()[0]]["S"])


def _prefix(text: str, values: Mapping[str, Any]) -> str:
    """What the sort key begins with, if the key condition says so."""
    found = _BEGINS.search(text)
    return str(values[found[1]]["S"]) if found else ""


def _key(item: Mapping[str, Any]) -> _Key:
    return item["pk"]["S"], item["sk"]["S"]


def _check_named(operation: str, asked: Mapping[str, Any]) -> None:
    """Refuse names and values that no expression uses, or that one uses and nobody gives.

    Source: DynamoDB API Reference, "ValidationException" of each operation; Developer Guide, "Reserved
    words in DynamoDB".
    """
    used: set[str] = set()
    for kind, text in asked.items():
        if kind.endswith("Expression"):
            used |= _names_in(operation, text)
    given = {
        *asked.get("ExpressionAttributeNames", ()),
        *asked.get("ExpressionAttributeValues", ()),
    }
    if used != given:
        message = f"{sorted(used ^ given)}: used and not given, or given and not used"
        raise refusal("ValidationException", operation, message)


@cache
def _names_in(operation: str, text: str) -> frozenset[str]:
    words = {word.upper() for word in _WORD.findall(text)} - _SYNTAX
    if reserved := words & _RESERVED:
        raise refusal(
            "ValidationException", operation, f"Attribute name is a reserved keyword: {reserved}"
        )
    return frozenset(_NAMED.findall(text))


def refusal(code: str, operation: str, message: str = "") -> ClientError:
    """What a client raises where DynamoDB refuses."""
    return ClientError({"Error": {"Code": code, "Message": message or code}}, operation)
