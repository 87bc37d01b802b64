"""The ledger's table in memory: a DynamoDB client's calls, a hundred times as cheap as moto's.

What is asked of it is checked against the API's model by nobody, so that stories keep to moto; runs of
many thousand updates use this. A test holds both side by side.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tests.statemachine.definition import NotModelled
from tests.statemachine.expressions import condition, update

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.statemachine.expressions import Item

# Source: DynamoDB Developer Guide, "Quotas": an item, with the names of its attributes.
_ITEM_BYTES = 400 * 1024
_Key = tuple[str, str]


@dataclass(slots=True)
class Table:
    """One table with its indexes, and the client of it.

    `indexes` are the attributes by which each index sorts: partition and sort key.
    """

    indexes: Mapping[str, _Key]
    items: dict[_Key, Item] = field(default_factory=dict)
    # Request units (DynamoDB Developer Guide, "Read and write request units"): writes by the KB, a
    # failed condition and each index that keeps the item too; reads by 4 KB, half of it eventually.
    written_units: int = 0
    read_units: float = 0
    # By index (the table's own under ""), partition: what lies in it, sorted.
    _sorted: dict[str, dict[str, list[tuple[str, _Key]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

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
        self._check("UpdateItem", key, asked)
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
        names = asked.get("ExpressionAttributeNames", {})
        values = asked.get("ExpressionAttributeValues", {})
        index = asked.get("IndexName", "")
        attribute = self.indexes[index][0] if index else "pk"
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
                found.append(dict(self.items[key]))
            if len(read) == asked.get("Limit"):
                last = {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
                return {"Items": found, "Count": len(found), "LastEvaluatedKey": last}
        self.read_units += _read_units(found, asked)
        return {"Items": found, "Count": len(found)}

    def get_paginator(self, operation: str) -> Pages:
        """All pages of a query."""
        if operation != "query":
            raise NotModelled(f"pages of {operation}")
        return Pages(self)

    def _check(self, operation: str, key: _Key, asked: Mapping[str, Any]) -> None:
        text = asked.get("ConditionExpression")
        if text is None:
            return
        holds = condition(text, asked.get("ExpressionAttributeNames", {}))
        if not holds(self.items.get(key, {}), asked.get("ExpressionAttributeValues", {})):
            self.written_units += _written_units(self.items.get(key, {}))
            raise _refusal("ConditionalCheckFailedException", operation)

    def _write(self, operation: str, key: _Key, item: Item) -> None:
        if _size(item) > _ITEM_BYTES:
            raise _refusal("ValidationException", operation, "Item size has exceeded the maximum")
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
        for index, (partition, order) in self.indexes.items():
            if partition in item and order in item:
                yield index, (item[partition]["S"], item[order]["S"])


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


def _refusal(code: str, operation: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message or code}}, operation)
