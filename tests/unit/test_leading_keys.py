"""Which partitions a request names, as DynamoDB tells IAM."""

from __future__ import annotations

import json
from typing import Any

import pytest

from switchover_local.leading_keys import context_of

ITEM = {"pk": {"S": "endpoint#chat"}, "sk": {"S": "claim"}}
CHAT = {"dynamodb:LeadingKeys": ["endpoint#chat"]}


@pytest.mark.parametrize(
    "request_",
    [
        {"TableName": "t", "Key": ITEM},
        {"TableName": "t", "Item": {**ITEM, "body": {"S": "{}"}}},
        {
            "TableName": "t",
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :moment)",
            "ExpressionAttributeValues": {":pk": {"S": "endpoint#chat"}, ":moment": {"S": "m"}},
        },
        {
            "TableName": "t",
            "IndexName": "by_endpoint",
            "KeyConditionExpression": "endpoint = :endpoint",
            "ExpressionAttributeValues": {":endpoint": {"S": "endpoint#chat"}},
        },
        {"TransactItems": [{"Put": {"Item": ITEM}}]},
    ],
)
def test_a_request_names_its_partition(request_: dict[str, Any]) -> None:
    assert context_of(json.dumps(request_).encode()) == CHAT


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"TableName": "t"}', b'{"Key": {"id": 1}}', b"\xff"]
)
def test_a_request_without_partition_names_none(body: bytes) -> None:
    assert context_of(body) == {}
