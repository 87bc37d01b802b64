"""Reads and writes items of the ledger's table; the classes above know what the items mean."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from switchover.aws.failures import THROTTLED
from switchover.domain.errors import LedgerRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

# The index over `endpoint` and `started_at`. It holds each item's keys and `listed`.
BY_START = "by_start"
# A retry may help against these too (DynamoDB Developer Guide, "Error handling with DynamoDB": "OK to
# retry? Yes"). Unlike in other services, LimitExceededException passes by itself: it means too many
# changes of tables at once.
_PASSING = THROTTLED | {
    "LimitExceededException",
    "ReplicatedWriteConflictException",
    "TransactionConflictException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
}


class Table:
    """One DynamoDB table with the keys `pk` and `sk`."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def _get(self, pk: str, sk: str) -> dict[str, Any] | None:
        answer = self._dynamodb.get_item(
            TableName=self._table, Key=key(pk, sk), ConsistentRead=True
        )
        return answer.get("Item")

    def _put(self, pk: str, sk: str, /, **attributes: Any) -> None:
        self._dynamodb.put_item(TableName=self._table, Item={**key(pk, sk), **attributes})

    def _put_if(
        self, condition: str, values: Mapping[str, Any], pk: str, sk: str, /, **attributes: Any
    ) -> bool:
        """Put an item if a condition is met; else return False.

        Raises:
            LedgerRefused: DynamoDB refuses it in a way that no retry mends.
        """
        compared: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={**key(pk, sk), **attributes},
                ConditionExpression=condition,
                **compared,
            )
        except ClientError as error:
            return _deny(error)
        return True

    def _change(
        self,
        pk: str,
        sk: str,
        expression: str,
        condition: str,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
    ) -> bool:
        """Change an item if a condition is met; else return False.

        Raises:
            LedgerRefused: DynamoDB refuses it in a way that no retry mends.
        """
        return self._change_and_read(pk, sk, expression, condition, values, names) is not None

    def _change_and_read(
        self,
        pk: str,
        sk: str,
        expression: str,
        condition: str,
        values: Mapping[str, Any],
        names: Mapping[str, str] | None = None,
        returned: Literal["NONE", "ALL_NEW"] = "NONE",
    ) -> dict[str, Any] | None:
        """Change an item if a condition is met, and return the new item if asked; else return None.

        The returned item is as current as a consistent read, and costs nothing (API, UpdateItem).

        Raises:
            LedgerRefused: DynamoDB refuses it in a way that no retry mends.
        """
        named: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
        try:
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=key(pk, sk),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValues=returned,
                **named,
            )
        except ClientError as error:
            _deny(error)
            return None
        return answer.get("Attributes", {})

    def _query(self, **query: Any) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(TableName=self._table, **query)
        for page in pages:
            yield from page["Items"]

    def _query_last(self, limit: int | None, **query: Any) -> Iterator[dict[str, Any]]:
        """The last `limit` items of a query, the last one first; without a limit, all of them."""
        bound = {} if limit is None else {"Limit": limit}
        return islice(self._query(ScanIndexForward=False, **bound, **query), limit)


def key(pk: str, sk: str) -> dict[str, Any]:
    """An item's key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def is_final(error: Exception) -> bool:
    """Whether DynamoDB's refusal is final: a retry doesn't help."""
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return status < 500 and error.response["Error"]["Code"] not in _PASSING


def _deny(error: ClientError) -> Literal[False]:
    """Return False if a condition wasn't met; raise any other error.

    Raises:
        LedgerRefused: DynamoDB's refusal is final.
        ClientError: a retry may help.
    """
    if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
        return False
    if is_final(error):
        raise LedgerRefused(f"DynamoDB refused to write: {error}") from error
    raise error
