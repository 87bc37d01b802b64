"""Moments: the timeline of an update, one item each: waiting makes no item longer."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from switchover.aws.ledger_items import read_moment
from switchover.aws.table import Table
from switchover.domain.brevity import shorten_text

if TYPE_CHECKING:
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update


class Moments(Table):
    """What happened, in its order."""

    def add_moment(self, update: Update, moment: Moment) -> None:
        """Add to an update's timeline; the same moment twice is one.

        SageMaker's clock tells whole seconds; within one the update's revision keeps the order.
        """
        body = moment.model_copy(update={"text": shorten_text(moment.text)}).model_dump_json()
        digest = hashlib.sha256(body.encode()).hexdigest()[:8]
        at = moment.at.isoformat(timespec="milliseconds")
        self._put(
            f"update#{update.update_id}",
            f"moment#{at}#{update.revision:06d}#{digest}",
            body={"S": body},
        )

    def timeline(self, update_id: str) -> tuple[Moment, ...]:
        """An update's moments, oldest first."""
        items = self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :moment)",
            ExpressionAttributeValues={
                ":pk": {"S": f"update#{update_id}"},
                ":moment": {"S": "moment#"},
            },
        )
        return tuple(read_moment(item) for item in items)
