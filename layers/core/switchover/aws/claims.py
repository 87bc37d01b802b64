"""Claims in the ledger: which update may change an endpoint, and how often it was recovered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from switchover.aws.ledger_items import read_claim, read_recoveries
from switchover.aws.table import BY_START, Table
from switchover.domain.queueing import Standing
from switchover.domain.recovering import Recoveries, next_recovery

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.queueing import Claim

# No endpoint's name contains this character, so the index keeps claims apart from updates.
_CLAIMED = "#claimed"


class Claims(Table):
    """One item for each endpoint."""

    def take_claim(self, claim: Claim, order: str, *, instead_of: str | None = None) -> bool:
        """Take the endpoint's claim if it is free, ours, or held by the execution `instead_of`.

        The claim is refused if a newer update than `order` ever held it: a release whose event is
        late must not replace a newer release. Both rules are one condition on one item, so no other
        write comes between them.
        """
        return self._put_if(
            "(attribute_not_exists(execution_arn) OR execution_arn IN (:own, :other))"
            " AND (attribute_not_exists(newest) OR newest <= :order)",
            {
                ":own": {"S": claim.execution_arn},
                ":other": {"S": instead_of or claim.execution_arn},
                ":order": {"S": order},
            },
            f"endpoint#{claim.endpoint}",
            "claim",
            update_id={"S": claim.update_id},
            execution_arn={"S": claim.execution_arn},
            claimed_at={"S": claim.claimed_at.isoformat()},
            newest={"S": order},
            endpoint={"S": _CLAIMED},
            started_at={"S": claim.endpoint},
        )

    def noted_standing(self, endpoint: str) -> Standing:
        """Read the claim's item: the holder, and the newest update that ever held the claim."""
        item = self._get(f"endpoint#{endpoint}", "claim") or {}
        newest = item.get("newest", {}).get("S", "")
        if "execution_arn" not in item:
            return Standing(newest=newest)
        return Standing(read_claim(endpoint, item), newest)

    def claimed_endpoints(self) -> tuple[str, ...]:
        """List the endpoints with a held claim, even if the holder's execution is gone."""
        items = self._query(
            IndexName=BY_START,
            KeyConditionExpression="endpoint = :claimed",
            ExpressionAttributeValues={":claimed": {"S": _CLAIMED}},
        )
        return tuple(item["started_at"]["S"] for item in items)

    def release_claim(self, endpoint: str, execution_arn: str) -> bool:
        """Release the claim that an execution holds; the claim of another execution stays."""
        return self._change(
            f"endpoint#{endpoint}",
            "claim",
            "REMOVE update_id, execution_arn, claimed_at, endpoint, started_at",
            "execution_arn = :own",
            {":own": {"S": execution_arn}},
        )

    def count_recovery(self, endpoint: str, update_id: str, now: datetime) -> bool:
        """Count one more recovery of an update; False if none is due at `now`.

        The count is kept beside the claim, because a recovery may be needed when the update's own
        item can't be changed. Without a count no recovery may begin.

        Raises:
            LedgerRefused: the count can't be written.
        """
        past = self.recoveries(endpoint, update_id)
        if now < next_recovery(past):
            return False
        return self._note_recoveries(endpoint, update_id, past, Recoveries(past.count + 1, now))

    def recoveries(self, endpoint: str, update_id: str) -> Recoveries:
        """How often an update was recovered."""
        item = self._get(f"endpoint#{endpoint}", "recoveries")
        return read_recoveries(update_id, item or {})

    def note_given_up(self, endpoint: str, update_id: str) -> None:
        """Record that people were notified of an update that no recovery could end."""
        past = self.recoveries(endpoint, update_id)
        self._note_recoveries(endpoint, update_id, past, replace(past, is_told=True))

    def _note_recoveries(
        self, endpoint: str, update_id: str, past: Recoveries, new: Recoveries
    ) -> bool:
        return self._put_if(
            "attribute_not_exists(pk) OR update_id <> :update OR recoveries = :seen",
            {":update": {"S": update_id}, ":seen": {"N": str(past.count)}},
            f"endpoint#{endpoint}",
            "recoveries",
            update_id={"S": update_id},
            recoveries={"N": str(new.count)},
            last_at={"S": new.last.isoformat()},
            **({"is_told": {"BOOL": True}} if new.is_told else {}),
        )
