"""`dynamodb:LeadingKeys`, which MiniStack gives to no condition: added to what its IAM reads.

With it, a grant of docs/iam that is narrowed to partitions is judged here as on AWS (DynamoDB
Developer Guide, "Using IAM policy conditions for fine-grained access control").
"""

from __future__ import annotations

import importlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTITION_KEY = "pk"  # of the ledger, the one table here
_QUERIED = re.compile(r"^\s*#?\w+\s*=\s*(:\w+)")


def add_leading_keys() -> None:
    """Let the engine's IAM see which partitions a request to DynamoDB names.

    Raises:
        AttributeError: the symbol that is wrapped is gone.
    """
    actions: Any = importlib.import_module("ministack.core.iam_actions")
    read_off = actions.dynamodb_service_context

    def read_off_with_keys(body: bytes) -> dict[str, Any]:
        return {**read_off(body), **context_of(body)}

    actions.dynamodb_service_context = read_off_with_keys


def context_of(body: bytes) -> dict[str, list[str]]:
    """The condition key of one request; nothing where it names no partition, as a Scan."""
    try:
        request = json.loads(body)
        keys = [next(iter(value.values())) for value in _values_of(request)]
    except (ValueError, AttributeError, KeyError, TypeError):
        return {}
    return {"dynamodb:LeadingKeys": keys} if keys else {}


def _values_of(request: dict[str, Any]) -> Iterator[dict[str, str]]:
    for item in (request.get("Item"), request.get("Key")):
        if item:
            yield item[_PARTITION_KEY]
    if queried := _QUERIED.match(request.get("KeyConditionExpression", "")):
        yield request["ExpressionAttributeValues"][queried[1]]
    for entry in request.get("TransactItems", ()):
        for part in entry.values():
            yield from _values_of(part)
