"""The ledger's table in memory: a DynamoDB client's calls, a hundred times as cheap as moto's.

Stories ask it through a boto3 client (dynamodb.py), which checks each call against the API's model; runs
of many thousand updates ask it directly. A test holds it beside moto.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords
from tests.support.definition import NotModelled
from tests.support.expressions import condition, update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.support.expressions import Item

# Source: DynamoDB Developer Guide, "Quotas": an item, with the names of its attributes.
_ITEM_BYTES = 400 * 1024
_Key = tuple[str, str]
_NAMED = re.compile(r"[#:]\w+")
# Words that begin neither with # nor with :, so that they are an attribute's name or syntax.
_WORD = re.compile(r"(?<![#:\w])[A-Za-z_]\w*")
_SYNTAX = frozenset(
    {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN", "SIZE", "CONTAINS"}
)
_RESERVED = frozenset(ReservedKeywords.get_reserved_keywords())


@dataclass(frozen=True, slots=True)
class Index:
    """By which attributes an index sorts, and what it holds beside the keys; None is everything."""

    partition: str
    order: str
    held: frozenset[str] | None = None

    def project(self, item: Item) -> Item:
        """What the index holds of an item."""
        if self.held is None:
            return dict(item)
        held = self.held | {"pk", "sk", self.partition, self.order}
        return {name: value for name, value in item.items() if name in held}


@dataclass(slots=True)
class Table:
    """One table with its indexes, and the client of it."""

    indexes: Mapping[str, Index]
    items: dict[_Key, Item] = field(default_factory=dict)
    # Request units (DynamoDB Developer Guide, "Read and write request units"): writes by the KB, a
    # failed condition and each index that keeps the item too; reads by 4 KB, half of it eventually.
    written_units: int = 0
    read_units: float = 0
    # By index (the table's own under ""), partition: what lies in it, sorted.
    _sorted: dict[str, dict[str, list[tuple[str, _Key]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    @classmethod
    def of(cls, indexes: Iterable[Mapping[str, Any]]) -> Table:
        """The table with such GlobalSecondaryIndexes, as CreateTable and the template word them."""
        return cls({index["IndexName"]: _read_index(index) for index in indexes})

    def get_item(self, *, Key: Item, **asked: Any) -> dict[str, Any]:  # noqa: N803 - AWS's names
        """One item."""
        found = self.items.get(_key(Key))
        self.read_units += _read_units([found or {}], asked)
        return {} if found is None else {"Item": dict(found)}

    def put_item(self, *, Item: Item, **asked: Any) -> dict[str, Any]:  # noqa: N803
        """Replace an item, if its condition holds."""
        self._check("PutItem", _key(Item), asked)
        self._write("PutItem", _key(Item), deepcopy(Item))
        return {}

    def update_item(self, *, Key: Item, UpdateExpression: str, **asked: Any) -> dict[str, Any]:  # noqa: N803
        """Change an item, or make it, if its condition holds."""
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
        self._check("DeleteItem", _key(Key), asked)
        self._forget(_key(Key))
        self.items.pop(_key(Key), None)
        return {}

    def query(self, **asked: Any) -> dict[str, Any]:
        """The items of a partition, as one page."""
        _check_named("Query", asked)
        names = asked.get("ExpressionAttributeNames", {})
        values = asked.get("ExpressionAttributeValues", {})
        index = asked.get("IndexName", "")
        attribute = self.indexes[index].partition if index else "pk"
        project = self.indexes[index].project if index else dict
        partition = _partition(asked["KeyConditionExpression"], attribute, names, values)
        keys = [key for _, key in self._sorted[index].get(partition, ())]
        if not asked.get("ScanIndexForward", True):
            keys.reverse()
        if start := asked.get("ExclusiveStartKey"):
            keys = keys[keys.index(_key(start)) + 1 :]
        wanted = condition(asked["KeyConditionExpression"], names)
        filtered = (
            condition(asked["FilterExpression"], names) if "FilterExpression" in asked else None
        )
        found: list[Item] = []
        read: list[_Key] = []
        for key in keys:
            if not wanted(self.items[key], values):
                continue
            read.append(key)
            if filtered is None or filtered(self.items[key], values):
                found.append(project(self.items[key]))
            if len(read) == asked.get("Limit"):
                last = {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
                return {"Items": found, "Count": len(found), "LastEvaluatedKey": last}
        self.read_units += _read_units(found, asked)
        return {"Items": found, "Count": len(found)}

    def scan(self, **_: Any) -> dict[str, Any]:
        """All items, as one page."""
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
            self.written_units += _written_units(self.items.get(key, {}))
            raise refusal("ConditionalCheckFailedException", operation)

    def _write(self, operation: str, key: _Key, item: Item) -> None:
        if _size(item) > _ITEM_BYTES:
            raise refusal("ValidationException", operation, "Item size has exceeded the maximum")
        self._forget(key)
        self.items[key] = item
        self.written_units += _written_units(item) * len(list(self._places(item)))
        for index, (partition, order) in self._places(item):
            bisect.insort(self._sorted[index][partition], (order, key))

    def _forget(self, key: _Key) -> None:
        if key in self.items:
            for index, (partition, order) in self._places(self.items[key]):
                self._sorted[index][partition].remove((order, key))

    def _places(self, item: Item) -> Iterator[tuple[str, _Key]]:
        yield "", _key(item)
        for name, index in self.indexes.items():
            if index.partition in item and index.order in item:
                yield name, (item[index.partition]["S"], item[index.order]["S"])


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


def _key(item: Mapping[str, Any]) -> _Key:
    return item["pk"]["S"], item["sk"]["S"]


def _written_units(item: Item) -> int:
    return max(1, ceil(_size(item) / 1024))


def _read_units(items: list[Item], asked: Mapping[str, Any]) -> float:
    units = max(1, ceil(sum(map(_size, items)) / 4096))
    return units if asked.get("ConsistentRead") else units / 2


def _size(item: Item) -> int:
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(value: Any) -> int:
    match value:
        case {"S": str(text)} | {"N": str(text)}:
            return len(text) if text.isascii() else len(text.encode())
        case {"B": data}:
            return len(data)
    return len(str(value))


def _read_index(told: Mapping[str, Any]) -> Index:
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
