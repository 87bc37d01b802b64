"""DynamoDB behind a real boto3 client: the client checks and words each call, tables in memory answer."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from tests.support.definition import NotModelled
from tests.support.table import Table, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

_METHODS = {
    "GetItem": Table.get_item,
    "PutItem": Table.put_item,
    "UpdateItem": Table.update_item,
    "DeleteItem": Table.delete_item,
    "Query": Table.query,
    "Scan": Table.scan,
}
_Answer = tuple[AWSResponse, dict[str, Any]]


class DynamoDB:
    """Every table of the account."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self._lock = Lock()

    def answer_for(self, client: Any) -> None:
        """Answer what this client asks, unless another handler of the same event does."""
        events = client.meta.events
        events.register_last("before-parameter-build.dynamodb", _remember)
        events.register_last("before-call.dynamodb", self._answer)

    def _answer(self, model: Any, context: Mapping[str, Any], **_: Any) -> _Answer:
        asked = context["asked"]
        if model.name == "CreateTable":
            self.tables[asked["TableName"]] = Table.of(asked["GlobalSecondaryIndexes"])
            return _say(200, {"TableDescription": {"TableName": asked["TableName"]}})
        if model.name not in _METHODS:
            raise NotModelled(model.name)
        try:
            with self._lock:
                return _say(200, _METHODS[model.name](self._table(model.name, asked), **asked))
        except ClientError as error:
            return _say(400, dict(error.response))

    def _table(self, operation: str, asked: Mapping[str, Any]) -> Table:
        if asked["TableName"] not in self.tables:
            raise refusal("ResourceNotFoundException", operation, "Requested resource not found")
        return self.tables[asked["TableName"]]


def _remember(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    # The call as it was made: its body no longer tells bytes from text.
    context["asked"] = params


def _say(status: int, answer: dict[str, Any]) -> _Answer:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}
    return AWSResponse("", status, {}, None), {**answer, "ResponseMetadata": metadata}
