"""The condition keys of requests to DynamoDB, EventBridge and S3."""

from __future__ import annotations

import json
from typing import Any

import pytest

from switchover_local.condition_keys import creation_keys, event_keys, leading_keys

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
            "IndexName": "by_start",
            "KeyConditionExpression": "endpoint = :endpoint",
            "ExpressionAttributeValues": {":endpoint": {"S": "endpoint#chat"}},
        },
        {"TransactItems": [{"Put": {"Item": ITEM}}]},
    ],
)
def test_a_request_names_its_partition(request_: dict[str, Any]) -> None:
    assert leading_keys(json.dumps(request_).encode()) == CHAT


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"TableName": "t"}', b'{"Key": {"id": 1}}', b"\xff"]
)
def test_a_request_without_partition_names_none(body: bytes) -> None:
    assert leading_keys(body) == {}


STOP = {"Source": "switchover", "DetailType": "Abort Requested", "Detail": "{}"}
OUTCOME = {**STOP, "DetailType": "Update Updated"}
FOREIGN = {**STOP, "Source": "team.b"}


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([STOP], {"events:source": "switchover", "events:detail-type": "Abort Requested"}),
        ([STOP, STOP], {"events:source": "switchover", "events:detail-type": "Abort Requested"}),
        ([STOP, OUTCOME], {"events:source": "switchover"}),
        ([OUTCOME, STOP], {"events:source": "switchover"}),
        ([STOP, FOREIGN], {"events:detail-type": "Abort Requested"}),
        ([], {}),
        ([{"Source": "switchover"}], {}),
    ],
)
def test_events_that_differ_hide_none_among_the_others(
    entries: list[dict[str, str]], told: dict[str, str]
) -> None:
    assert event_keys(json.dumps({"Entries": entries}).encode()) == told


@pytest.mark.parametrize(
    ("query", "makes_an_object"),
    [
        ({}, "true"),
        ({"uploads": ""}, "false"),
        ({"uploadId": "1", "partNumber": "1"}, "false"),
        ({"uploadId": "1"}, "true"),
    ],
)
def test_parts_make_no_object_and_their_end_does(
    query: dict[str, str], makes_an_object: str
) -> None:
    assert creation_keys(query, {}) == {"s3:ObjectCreationOperation": makes_an_object}


def test_a_conditional_write_tells_its_condition() -> None:
    assert creation_keys({}, {"if-none-match": "*"})["s3:if-none-match"] == "*"
