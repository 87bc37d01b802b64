"""DynamoDB behind a real boto3 client: the client checks and words each call, tables in memory answer."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tests.support.definition import NotModelled
from tests.support.in_memory import answer_calls, say
from tests.support.table import Table, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.in_memory import Answer

_METHODS = {
    "GetItem": Table.get_item,
    "PutItem": Table.put_item,
    "UpdateItem": Table.update_item,
    "DeleteItem": Table.delete_item,
    "Query": Table.query,
    "Scan": Table.scan,
}


class DynamoDB:
    """Every table of the account."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self._lock = Lock()

    def answer_for(self, client: Any) -> None:
        """Answer this client's calls, unless another handler of the same event does."""
        answer_calls(client, "dynamodb", self._answer)

    def _answer(self, operation: str, asked: Mapping[str, Any]) -> Answer:
        if operation == "CreateTable":
            self.tables[asked["TableName"]] = Table.of(asked["GlobalSecondaryIndexes"])
            return say(200, {"TableDescription": {"TableName": asked["TableName"]}})
        if operation not in _METHODS:
            raise NotModelled(operation)
        try:
            with self._lock:
                return say(200, _METHODS[operation](self._table(operation, asked), **asked))
        except ClientError as error:
            return say(400, dict(error.response))

    def _table(self, operation: str, asked: Mapping[str, Any]) -> Table:
        if asked["TableName"] not in self.tables:
            raise refusal("ResourceNotFoundException", operation, "Requested resource not found")
        return self.tables[asked["TableName"]]
