"""Adds condition keys that MiniStack's IAM lacks.

With them, these parts of docs/iam and of the bucket's policy are judged here as on AWS:

- `dynamodb:LeadingKeys` narrows a grant to partitions (DynamoDB Developer Guide, "Using IAM policy
  conditions for fine-grained access control").
- `events:source` and `events:detail-type` narrow PutEvents (Service Authorization Reference of
  EventBridge). How AWS judges a request with different entries isn't documented; here it has no such key.
- `s3:if-none-match` and `s3:ObjectCreationOperation` refuse to overwrite an object (S3 User Guide,
  "Enforce conditional writes on Amazon S3 buckets").
"""

from __future__ import annotations

import importlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PARTITION_KEY = "pk"  # of the ledger, the only table
_QUERIED = re.compile(r"^\s*#?\w+\s*=\s*(:\w+)")


def add_condition_keys() -> None:
    """Add the condition keys of requests to DynamoDB, EventBridge and S3 to the engine's IAM.

    Raises:
    AttributeError: MiniStack no longer has a symbol that is wrapped here.
    """
    actions: Any = importlib.import_module("ministack.core.iam_actions")
    of_dynamodb = actions.dynamodb_service_context
    of_s3 = actions.s3_service_context
    of_any = actions.request_tag_context

    def read_dynamodb(body: bytes) -> dict[str, Any]:
        return {**of_dynamodb(body), **leading_keys(body)}

    def read_s3(
        action: str,
        query: dict[str, Any] | None,
        path: str = "",
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        told = creation_keys(query or {}, headers or {}) if action == "s3:PutObject" else {}
        return {**of_s3(action, query, path, headers), **told}

    def read_any(service: str, action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        told = event_keys(body) if action == "events:PutEvents" else {}
        return {**of_any(service, action, body, params), **told}

    actions.dynamodb_service_context = read_dynamodb
    actions.s3_service_context = read_s3
    actions.request_tag_context = read_any


def leading_keys(body: bytes) -> dict[str, list[str]]:
    """The partitions that a request to DynamoDB names; empty if it names none, like a Scan."""
    try:
        request = json.loads(body)
        keys = [next(iter(value.values())) for value in _values_of(request)]
    except (ValueError, AttributeError, KeyError, TypeError):
        return {}
    return {"dynamodb:LeadingKeys": keys} if keys else {}


def event_keys(body: bytes) -> dict[str, str]:
    """Source and detail type of the events in PutEvents; each only if all entries have the same."""
    try:
        entries = json.loads(body)["Entries"]
        named = {
            "events:source": {entry["Source"] for entry in entries},
            "events:detail-type": {entry["DetailType"] for entry in entries},
        }
    except (ValueError, KeyError, TypeError):
        return {}
    return {key: next(iter(values)) for key, values in named.items() if len(values) == 1}


def creation_keys(query: Mapping[str, Any], headers: Mapping[str, str]) -> dict[str, str]:
    """The condition keys of an s3:PutObject that makes an object.

    CreateMultipartUpload and UploadPart make none; CompleteMultipartUpload and CopyObject do.
    """
    makes_none = "uploads" in query or "partNumber" in query
    told = {"s3:ObjectCreationOperation": str(not makes_none).lower()}
    condition = headers.get("if-none-match")
    return {**told, "s3:if-none-match": condition} if condition else told


def _values_of(request: dict[str, Any]) -> Iterator[dict[str, str]]:
    for item in (request.get("Item"), request.get("Key")):
        if item:
            yield item[_PARTITION_KEY]
    if queried := _QUERIED.match(request.get("KeyConditionExpression", "")):
        yield request["ExpressionAttributeValues"][queried[1]]
    for entry in request.get("TransactItems", ()):
        for part in entry.values():
            yield from _values_of(part)
