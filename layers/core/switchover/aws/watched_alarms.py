"""Records in the ledger's table which updates a user's own alarm may roll back.

| pk           | sk              | holds                                                     |
|--------------|-----------------|-----------------------------------------------------------|
| alarm#<name> | endpoint#<name> | the update of that endpoint which the alarm may roll back |

An endpoint's own alarms need no item, because their names contain the endpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from switchover.aws.table import Table, key
from switchover.log import logger

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


class WatchedAlarms(Table):
    """The updates that each alarm wakes. Safe to repeat."""

    def watch(self, update: Update) -> None:
        """Register an update with the alarms of people in its plan, so that they wake it."""
        for name in update.planned.borrowed_alarms:
            self._put(*_place(name, update.endpoint), update_id={"S": update.update_id})

    def leave(self, update: Update) -> None:
        """Remove an update from its alarms; the entries of a later update stay.

        Never fails: a leftover entry only costs one reading of the endpoint when the alarm turns red.
        """
        for name in update.plan.borrowed_alarms if update.plan else ():
            try:
                self._dynamodb.delete_item(
                    TableName=self._table,
                    Key=key(*_place(name, update.endpoint)),
                    ConditionExpression="update_id = :own",
                    ExpressionAttributeValues={":own": {"S": update.update_id}},
                )
            except (BotoCoreError, ClientError) as error:
                if not _is_another_updates(error):
                    logger().warning(
                        "left watched", extra={"update_id": update.update_id, "alarm": name}
                    )

    def endpoints(self, name: str) -> tuple[str, ...]:
        """The endpoints of the updates that this alarm wakes."""
        items = self._query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"alarm#{name}"}},
            ConsistentRead=True,
        )
        return tuple(item["sk"]["S"].removeprefix("endpoint#") for item in items)


def _is_another_updates(error: Exception) -> bool:
    return (
        isinstance(error, ClientError)
        and error.response["Error"]["Code"] == "ConditionalCheckFailedException"
    )


def _place(name: str, endpoint: str) -> tuple[str, str]:
    return f"alarm#{name}", f"endpoint#{endpoint}"
