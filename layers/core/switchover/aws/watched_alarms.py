"""Which updates people's own alarms concern, beside the claim in the ledger's table.

| pk           | sk              | holds                                                     |
|--------------|-----------------|-----------------------------------------------------------|
| alarm#<name> | endpoint#<name> | the update of that endpoint which the alarm may turn back |

The alarms of an endpoint's own need no item: their names tell it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from switchover.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from switchover.domain.update import Update


class WatchedAlarms:
    """Who is to be woken by which alarm. Safe to repeat."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def watch(self, update: Update) -> None:
        """Have an update woken by the alarms that its plan took over from people."""
        for name in update.planned.borrowed_alarms:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={**_key(name, update.endpoint), "update_id": {"S": update.update_id}},
            )

    def leave(self, update: Update) -> None:
        """Have an update's alarms wake it no more; what a later one watches stays.

        Never fails: what is left costs one look at the endpoint when that alarm goes red, and no outcome
        is worth that.
        """
        for name in update.plan.borrowed_alarms if update.plan else ():
            try:
                self._dynamodb.delete_item(
                    TableName=self._table,
                    Key=_key(name, update.endpoint),
                    ConditionExpression="update_id = :own",
                    ExpressionAttributeValues={":own": {"S": update.update_id}},
                )
            except (BotoCoreError, ClientError) as error:
                if not _is_another_updates(error):
                    logger().warning(
                        "left watched", extra={"update_id": update.update_id, "alarm": name}
                    )

    def endpoints(self, name: str) -> tuple[str, ...]:
        """The endpoints that an alarm of that name concerns."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"alarm#{name}"}},
            ConsistentRead=True,
        )
        return tuple(
            item["sk"]["S"].removeprefix("endpoint#") for page in pages for item in page["Items"]
        )


def _is_another_updates(error: Exception) -> bool:
    return (
        isinstance(error, ClientError)
        and error.response["Error"]["Code"] == "ConditionalCheckFailedException"
    )


def _key(name: str, endpoint: str) -> dict[str, Any]:
    return {"pk": {"S": f"alarm#{name}"}, "sk": {"S": f"endpoint#{endpoint}"}}
