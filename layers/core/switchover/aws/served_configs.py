"""Served configs: the configs that were confirmed to serve an endpoint, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.aws.ledger_items import read_served
from switchover.aws.table import Table
from switchover.domain.errors import UpdateUnreadable

if TYPE_CHECKING:
    from switchover.domain.served import Served

# Planning reads this many: three months of daily releases. Older configs are read only if a rollback
# can't go to any of these.
NEWEST_SERVED = 100


class ServedConfigs(Table):
    """One item for each time that a config was confirmed to serve."""

    def add_served(self, served: Served) -> None:
        """Record a config that was confirmed to serve: the last known good."""
        self._put(
            f"endpoint#{served.endpoint}",
            f"served#{served.at.isoformat()}",
            body={"S": served.model_dump_json()},
        )

    def served(self, endpoint: str, newest: int | None = NEWEST_SERVED) -> tuple[Served, ...]:
        """The configs that served an endpoint last, newest first; all of them with `newest` None.

        Unreadable ones are left out.
        """
        found = self._read_served(endpoint, newest)
        return tuple(served for served in found if served is not None)

    def all_served(self, endpoint: str) -> tuple[Served, ...]:
        """All configs that ever served an endpoint, newest first, so that `gc` keeps them.

        Raises:
            UpdateUnreadable: one of them can't be read.
        """
        found = self._read_served(endpoint, None)
        known = tuple(served for served in found if served is not None)
        if len(known) < len(found):
            raise UpdateUnreadable(
                f"a record of what served {endpoint} can't be read, so it is unknown what it needs"
            )
        return known

    def _read_served(self, endpoint: str, limit: int | None) -> tuple[Served | None, ...]:
        items = self._query_last(
            limit,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :served)",
            ExpressionAttributeValues={
                ":pk": {"S": f"endpoint#{endpoint}"},
                ":served": {"S": "served#"},
            },
        )
        return tuple(read_served(item) for item in items)
