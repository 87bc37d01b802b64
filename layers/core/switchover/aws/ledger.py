"""The ledger: all of Switchover's records, in one DynamoDB table.

| pk              | sk                       | holds                                               |
|-----------------|--------------------------|-----------------------------------------------------|
| endpoint#<name> | claim                    | the holder, and the newest update so far;           |
|                 |                          | while it is held, in the index under CLAIMED        |
| endpoint#<name> | recoveries               | how often the claim's update was recovered          |
| endpoint#<name> | served#<time>            | a config that was confirmed to serve                |
| endpoint#<name> | ended#<update>           | an outcome that the update's own item refused       |
| update#<id>     | update                   | the update; the index by_start sorts by start       |
| update#<id>     | part#<name>#<digest>#<n> | a long field of the update                          |
| update#<id>     | moment#<time>#n          | its timeline                                        |
| update#<id>     | chat#<event>             | a message that was published for chat               |

Beside these: the queue (queue.py), wishes (wishes.py), the files of an update (manifests.py).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from switchover.aws.claims import Claims
from switchover.aws.moments import Moments
from switchover.aws.served_configs import ServedConfigs
from switchover.aws.updates import Updates
from switchover.domain.errors import StaleUpdate
from switchover.domain.queueing import Claim, Standing, order_of_update

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover.domain.update.update import Update

# So many of an endpoint's newest updates are searched for one that changes the endpoint without a
# claim.
_NEWEST = 5
_Result = TypeVar("_Result")


def try_anew(act: Callable[[], _Result], tries: int = 5) -> _Result:
    """Run `act`, which reads and changes an update; run it again if the update changed in between.

    Raises:
        StaleUpdate: the update changed each time.
    """
    for _ in range(tries - 1):
        with suppress(StaleUpdate):
            return act()
    return act()


def known_first(known: Update | None, read: Callable[[], Update]) -> Callable[[], Update]:
    """Returns the update that was read just now on the first call; reads it anew on later calls."""
    once = [] if known is None else [known]
    return lambda: once.pop() if once else read()


class Ledger(Claims, Updates, Moments, ServedConfigs):
    """All of Switchover's records. Every write is safe to repeat."""

    def standing(self, endpoint: str) -> Standing:
        """The update that may change the endpoint now, and the newest update that ever held the claim.

        If the claim was deleted, an update that has begun to change the endpoint still holds it.
        """
        standing = self.noted_standing(endpoint)
        if standing.holder is not None:
            return standing
        running = (one.update_id for one in self.listed(endpoint, _NEWEST) if one.outcome is None)
        found = (self.find(update_id) for update_id in running)
        changing = next((one for one in found if one is not None and one.is_changing), None)
        if changing is None:
            return standing
        holder = Claim(endpoint, changing.update_id, changing.execution_arn, changing.started_at)
        return Standing(holder, max(standing.newest, order_of_update(changing)))

    def claim(self, endpoint: str) -> Claim | None:
        """The update that may change the endpoint now."""
        return self.standing(endpoint).holder

    def claiming_update(self, endpoint: str) -> Update | None:
        """The update that holds an endpoint's claim, in any state of waiting."""
        claim = self.claim(endpoint)
        return self.find(claim.update_id) if claim else None
