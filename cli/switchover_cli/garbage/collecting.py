"""The configs and models that updates of an endpoint left: judges them, and removes the unneeded ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.counts import count_nothing
from switchover_cli.errors import Misused
from switchover_cli.garbage.rules import Judged, judge_made, made_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from switchover.aws.ledger import Ledger
    from switchover.aws.wishes import Wishes
    from switchover.domain.counts import OnCount
    from switchover_cli.garbage.store import Leftovers

# Far more updates than people look back on; configs and models of older updates stay.
_MOST_UPDATES = 1000


class GarbageRecord(BaseModel):
    """What `gc --json` prints. Nothing is `removed` without `--yes`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    needed: tuple[Judged, ...]
    removable: tuple[Judged, ...]
    removed: tuple[str, ...]


def judge_leftovers(
    leftovers: Leftovers,
    ledger: Ledger,
    wishes: Wishes,
    endpoint: str,
    keep: int,
    on_count: OnCount = count_nothing,
) -> tuple[Judged, ...]:
    """Everything that updates of an endpoint left, each with what needs it now."""
    inventory = leftovers.look(on_count)
    # Read last, as the listing takes long: an update may have begun meanwhile, and need some of them.
    updates = ledger.history(endpoint, _MOST_UPDATES)
    pin = wishes.pin(endpoint)
    if pin is not None and pin.is_unreadable:
        raise Misused(
            f"The pin of {endpoint} can't be read, so the pinned version is unknown.",
            f"Pin the version again (switchover pin {endpoint} VERSION --reason '…'), or free it:"
            f" switchover unpin {endpoint}",
        )
    return judge_made(
        made_by(updates),
        inventory,
        endpoint=endpoint,
        updates=updates,
        served={name: ledger.all_served(name) for name in {endpoint, *inventory.endpoints}},
        pin=pin,
        keep=keep,
    )


def remove_leftovers(leftovers: Leftovers, judged: Sequence[Judged]) -> Iterator[str]:
    """Remove what isn't needed, one by one; yields the kind and name of each removed item."""
    for each in judged:
        if each.is_removable:
            leftovers.remove(each.made)
            yield f"{each.made.sort.value} {each.made.name}"


def record_leftovers(
    endpoint: str, judged: Sequence[Judged], removed: Sequence[str]
) -> GarbageRecord:
    """The printed form for machines."""
    return GarbageRecord(
        endpoint=endpoint,
        needed=tuple(each for each in judged if not each.is_removable),
        removable=tuple(each for each in judged if each.is_removable),
        removed=tuple(removed),
    )
