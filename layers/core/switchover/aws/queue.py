"""The queue of each endpoint, beside the claim in the ledger's table.

| pk                | sk                      | holds                                            |
|-------------------|-------------------------|--------------------------------------------------|
| endpoint#<name>   | waiting#<time>#<update> | an update that waits; in the index under WAITING |
| round             | place                   | the endpoint that the last round checked last    |
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from switchover.aws.table import BY_START, Table, key
from switchover.domain.queueing import Waiting

# No endpoint's name contains this character, so the index keeps waiting entries apart from updates.
_WAITING = "#waiting"
_ROUND: Final = ("round", "place")


class Queue(Table):
    """The waiting updates of each endpoint. Safe to repeat."""

    def put(self, waiting: Waiting) -> None:
        """Put an update into its place in the queue. A repeat keeps the same place."""
        self._dynamodb.put_item(TableName=self._table, Item=_item(waiting))

    def replace(self, seen: Waiting, waiting: Waiting) -> bool:
        """Change an entry if nobody changed it since it was read; else False."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=_item(waiting),
                ConditionExpression="body = :seen",
                ExpressionAttributeValues={":seen": {"S": seen.model_dump_json()}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def remove(self, endpoint: str, order: str) -> None:
        """Take an update out of the queue."""
        self._dynamodb.delete_item(
            TableName=self._table, Key=key(f"endpoint#{endpoint}", f"waiting#{order}")
        )

    def entries(self, endpoint: str) -> tuple[Waiting, ...]:
        """The updates that wait for an endpoint, in the order in which they were offered."""
        items = self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :waiting)",
            ExpressionAttributeValues={
                ":pk": {"S": f"endpoint#{endpoint}"},
                ":waiting": {"S": "waiting#"},
            },
            ConsistentRead=True,
        )
        return tuple(_read_waiting(item) for item in items)

    def endpoints(self) -> tuple[str, ...]:
        """The endpoints with a waiting update."""
        items = self._query(
            IndexName=BY_START,
            KeyConditionExpression="endpoint = :waiting",
            ExpressionAttributeValues={":waiting": {"S": _WAITING}},
        )
        return tuple(dict.fromkeys(_endpoint_of(item) for item in items))

    def place(self) -> str:
        """The endpoint that was checked last; empty before the first round."""
        item = self._get(*_ROUND) or {}
        return str(item.get("endpoint_name", {}).get("S", ""))

    def keep_place(self, endpoint: str) -> None:
        """Record the endpoint that is being checked, so that the next round begins after it."""
        self._put(*_ROUND, endpoint_name={"S": endpoint})


def _read_waiting(item: dict[str, Any]) -> Waiting:
    """Read an entry of the queue. An unreadable entry keeps its turn: its update has the details."""
    try:
        return Waiting.model_validate_json(item["body"]["S"], extra="ignore")
    except (KeyError, ValueError):
        offered_at, _, update_id = item["sk"]["S"].removeprefix("waiting#").partition("#")
        at = datetime.fromisoformat(offered_at)
        return Waiting(
            endpoint=_endpoint_of(item),
            update_id=update_id,
            version="",
            offered_at=at,
            not_before=at,
            why="its place in the queue can't be read.",
            queued_by="",
        )


def _endpoint_of(item: dict[str, Any]) -> str:
    return str(item["pk"]["S"].partition("#")[2])


def _item(waiting: Waiting) -> dict[str, Any]:
    return {
        **key(f"endpoint#{waiting.endpoint}", f"waiting#{waiting.order}"),
        "endpoint": {"S": _WAITING},
        "started_at": {"S": f"{waiting.endpoint}#{waiting.order}"},
        "body": {"S": waiting.model_dump_json()},
    }
