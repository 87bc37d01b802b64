"""Moments: the timeline of an update, one item per entry. Waiting and retrying add no entries."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from switchover.aws.ledger_items import read_moment
from switchover.aws.table import Table
from switchover.domain.brevity import shorten_text
from switchover.domain.update.records import NotedMoment

if TYPE_CHECKING:
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update


class Moments(Table):
    """The timeline of each update, in order."""

    def add_moment(self, update: Update, moment: Moment) -> None:
        """Add a moment to an update's timeline; adding the same moment twice keeps one.

        SageMaker's clock has whole seconds. Within a second, the update's revision keeps the order.
        """
        self.add_noted(
            update.update_id, NotedMoment(moment=moment, revision=update.record.revision)
        )

    def add_move(self, update: Update, moment: Moment) -> NotedMoment:
        """Add a move of RollBack; the same move again in a row is counted in the same item."""
        last = update.way_back.last_move
        noted = NotedMoment(moment=moment, revision=update.record.revision)
        if last is not None and _says(last.moment) == _says(moment):
            noted = NotedMoment(moment=last.moment.repeat(moment), revision=last.revision)
        self.add_noted(update.update_id, noted)
        return noted

    def add_noted(self, update_id: str, noted: NotedMoment) -> None:
        """Add a moment with the revision that is noted in it."""
        moment = noted.moment.model_copy(update={"text": shorten_text(noted.moment.text)})
        once = moment.model_copy(update={"times": 1, "until": None}).model_dump_json()
        digest = hashlib.sha256(once.encode()).hexdigest()[:8]
        at = moment.at.isoformat(timespec="milliseconds")
        self._put(
            f"update#{update_id}",
            f"moment#{at}#{noted.revision:06d}#{digest}",
            body={"S": moment.model_dump_json()},
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


def _says(moment: Moment) -> tuple[str, str]:
    return moment.state, moment.text
