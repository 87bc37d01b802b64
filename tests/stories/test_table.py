"""The table in memory answers as moto's DynamoDB does, to all that the ledger asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from tests.support.clients import plain_client
from tests.support.definition import NotModelled
from tests.support.expressions import condition, update
from tests.support.ledger_table import create_table, table_in_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.table import Table

_KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}
_HELD: dict[str, Any] = {
    **_KEY,
    "body": {"S": "hello"},
    "revision": {"N": "3"},
    "arns": {"SS": ["x", "y"]},
}
_VALUES: dict[str, Any] = {
    ":hello": {"S": "hello"},
    ":he": {"S": "he"},
    ":other": {"S": "other"},
    ":three": {"N": "3"},
    ":four": {"N": "4"},
    ":x": {"S": "x"},
    ":number": {"S": "N"},
    ":more": {"SS": ["z"]},
}
_CONDITIONS = (
    "attribute_exists(pk)",
    "attribute_not_exists(pk)",
    "attribute_not_exists(gone) OR body = :other",
    "body IN (:other, :hello)",
    "revision < :four AND body <> :other",
    "revision = :hello",
    "gone = :hello",
    "NOT attribute_type(revision, :number)",
    "attribute_type(revision, :number)",
    "begins_with(body, :he)",
    "contains(arns, :x) AND size(arns) < :three",
    "revision BETWEEN :three AND :four",
    "(body = :other OR revision >= :four) AND attribute_exists(pk)",
    "#t = :hello",
)
_UPDATES = (
    "SET body = :other, fresh = :four",
    "SET fresh = if_not_exists(gone, :three), body = if_not_exists(body, :other)",
    "SET revision = revision + :four",
    "REMOVE body, gone",
    "ADD arns :more, visits :three",
    "DELETE arns :more",
    "SET #t = :x REMOVE revision ADD arns :more",
)


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        made = plain_client("dynamodb")
        create_table(made, "table")
        yield made


@pytest.fixture
def table() -> Table:
    return table_in_memory()


def _used(text: str) -> dict[str, Any]:
    values = {name: value for name, value in _VALUES.items() if name in re.findall(r":\w+", text)}
    found: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
    return {**found, "ExpressionAttributeNames": {"#t": "body"}} if "#t" in text else found


def _is_put(at: Any, text: str) -> bool:
    at.put_item(TableName="table", Item=_HELD)
    try:
        at.put_item(TableName="table", Item=_HELD, ConditionExpression=text, **_used(text))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


@pytest.mark.parametrize("text", _CONDITIONS)
def test_a_condition_holds_where_it_holds_in_moto(dynamodb: Any, table: Table, text: str) -> None:
    assert _is_put(table, text) is _is_put(dynamodb, text)


@pytest.mark.parametrize("text", _UPDATES)
def test_an_update_makes_what_it_makes_in_moto(dynamodb: Any, table: Table, text: str) -> None:
    assert _updated(table, text) == _updated(dynamodb, text)


def _updated(at: Any, text: str) -> dict[str, Any]:
    at.put_item(TableName="table", Item=_HELD)
    at.update_item(TableName="table", Key=_KEY, UpdateExpression=text, **_used(text))
    item = at.get_item(TableName="table", Key=_KEY)["Item"]
    return {name: _unordered(value) for name, value in item.items()}


def _unordered(value: dict[str, Any]) -> Any:
    return sorted(value["SS"]) if "SS" in value else value


def _row(pk: str, sk: str, **attributes: str) -> dict[str, Any]:
    return {
        "pk": {"S": pk},
        "sk": {"S": sk},
        **{name: {"S": value} for name, value in attributes.items()},
    }


_ROWS = (
    _row("u#1", "update", endpoint="vlm", started_at="2"),
    _row("u#1", "moment#2"),
    _row("u#1", "moment#1"),
    _row("u#2", "update", endpoint="vlm", started_at="1"),
    _row("u#3", "update", endpoint="llm", started_at="3"),
)
_QUERIES: tuple[dict[str, Any], ...] = (
    {
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
        "ExpressionAttributeValues": {":pk": {"S": "u#1"}, ":sk": {"S": "moment#"}},
    },
    {
        "IndexName": "by_start",
        "KeyConditionExpression": "endpoint = :of",
        "ExpressionAttributeValues": {":of": {"S": "vlm"}},
        "ScanIndexForward": False,
        "Limit": 1,
    },
    {
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :sk)",
        "ExpressionAttributeValues": {":pk": {"S": "u#1"}, ":sk": {"S": "moment#"}},
        "ScanIndexForward": False,
        "Limit": 1,
    },
    {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "u#1"}}},
    {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "none"}}},
)


@pytest.mark.parametrize("query", _QUERIES)
def test_a_query_finds_what_it_finds_in_moto_and_in_that_order(
    dynamodb: Any, table: Table, query: dict[str, Any]
) -> None:
    assert _found(table, query) == _found(dynamodb, query)


def _found(at: Any, query: dict[str, Any]) -> list[tuple[Any, Any]]:
    for row in _ROWS:
        at.put_item(TableName="table", Item=row)
    pages = at.get_paginator("query").paginate(TableName="table", **query)
    return [(item["pk"], item["sk"]) for page in pages for item in page["Items"]]


# Ten items of 200 KB and a little.
_LONG = tuple(_row("u#1", f"moment#{number}", body="x" * 200 * 1024) for number in range(10))


@pytest.mark.parametrize(("limit", "lengths"), [({}, [6, 4]), ({"Limit": 4}, [4, 4, 2])])
def test_a_page_ends_at_its_limit_or_at_a_megabyte(
    table: Table, limit: dict[str, int], lengths: list[int]
) -> None:
    for row in _LONG:
        table.put_item(Item=row)

    pages = table.get_paginator("query").paginate(**_QUERIES[0], **limit)

    assert [page["Count"] for page in pages] == lengths


def test_a_query_costs_what_it_reads_and_no_more(table: Table) -> None:
    for row in _LONG:
        table.put_item(Item=row)

    table.query(**_QUERIES[0], Limit=2)

    assert table.read_units == 50.5  # of 400 KB, eventually consistent


def test_what_was_removed_or_moved_is_no_longer_in_an_index(table: Table) -> None:
    table.put_item(Item=_ROWS[0])
    table.put_item(Item=_ROWS[3])

    table.delete_item(Key={key: _ROWS[0][key] for key in ("pk", "sk")})
    table.update_item(
        Key={key: _ROWS[3][key] for key in ("pk", "sk")}, UpdateExpression="REMOVE endpoint"
    )

    assert table.query(**{**_QUERIES[1], "Limit": 9})["Items"] == []


def test_an_item_of_more_than_400_kb_is_refused(table: Table) -> None:
    with pytest.raises(ClientError, match="Item size"):
        table.put_item(Item=_row("a", "b", body="x" * 400 * 1024))


@pytest.mark.parametrize("text", ["nearby(pk)", "pk = :a pk", "pk ! :a"])
def test_a_condition_that_is_not_modelled_is_an_error(text: str) -> None:
    with pytest.raises((NotModelled, KeyError)):
        condition(text, {})


def test_an_update_that_is_not_modelled_is_an_error() -> None:
    with pytest.raises(NotModelled):
        update("MERGE a :b", {})


_REFUSED = {
    "a value that no expression uses": {
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":x": {"S": "x"}},
    },
    "a name that no expression uses": {
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeNames": {"#t": "body"},
    },
    "a value that nobody gives": {"ConditionExpression": "body = :x"},
}


@pytest.mark.parametrize("asked", _REFUSED.values(), ids=_REFUSED)
def test_an_expression_that_does_not_fit_its_names_is_refused(
    table: Table, asked: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        table.put_item(TableName="table", Item=_HELD, **asked)


@pytest.mark.parametrize("place", ["dynamodb", "table"])
def test_a_reserved_word_is_refused(request: pytest.FixtureRequest, place: str) -> None:
    at = request.getfixturevalue(place)

    with pytest.raises(ClientError, match="reserved"):
        at.update_item(
            TableName="table",
            Key=_KEY,
            UpdateExpression="SET status = :x",
            ExpressionAttributeValues={":x": {"S": "x"}},
        )


def test_an_index_holds_what_it_holds_in_moto(dynamodb: Any, table: Table) -> None:
    row = _row("u#9", "update", endpoint="vlm", started_at="9", listed="l", body="b")
    dynamodb.put_item(TableName="table", Item=row)
    table.put_item(Item=row)

    found = table.query(TableName="table", **_QUERIES[1])["Items"]

    assert found == dynamodb.query(TableName="table", **_QUERIES[1])["Items"]
    assert "body" not in found[0]


_PLACED: dict[str, Any] = {
    **_KEY,
    "endpoint": {"S": "vlm"},
    "started_at": {"S": "2026"},
    "listed": {"S": "short"},
    "body": {"S": "x" * 3000},
}


@pytest.mark.parametrize(
    ("change", "units"),
    [
        ("SET revision = :three", 3),
        ("SET listed = :other", 4),
        ("SET started_at = :other", 5),
        ("REMOVE started_at", 4),
        ("SET body = :other", 3),
    ],
    ids=["beside", "held", "moved", "left-out", "shorter"],
)
def test_an_index_costs_only_what_changes_in_it(change: str, units: int) -> None:
    """Source: DynamoDB Developer Guide, "Using Global Secondary Indexes", "Write capacity units"."""
    table = table_in_memory()
    table.put_item(Item=_PLACED)
    before = table.written_units

    values = {name: _VALUES[name] for name in re.findall(r":\w+", change)}
    asked = {"ExpressionAttributeValues": values} if values else {}
    table.update_item(Key=_KEY, UpdateExpression=change, **asked)

    assert table.written_units - before == units
