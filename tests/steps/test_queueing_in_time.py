"""Any offers, at any times, for any start: the endpoint ends on the newest due one; none is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.samples import ENDPOINT, NOW, update

from switchover.domain.policies.choices import WhenBusy
from switchover.domain.queueing import (
    Claim,
    Look,
    Standing,
    Turn,
    Waiting,
    decide_turn,
    order_of_update,
    outranked,
)
from switchover.domain.windows.window import StartTime

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.update.update import Update

_TICK = timedelta(minutes=1)
_RUNS_TICKS = 5
_LONGEST_TICKS = 400


@dataclass(frozen=True, slots=True)
class Offer:
    """A release that is offered at one tick and asks to begin at another."""

    update: Update
    offered: int
    begins: int


@dataclass(slots=True)
class Clerk:
    """Lets time pass as the handlers do, by the decisions of the domain alone."""

    when_busy: WhenBusy
    tick: int = 0
    free_at: int = 0
    standing: Standing = field(default_factory=Standing)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)
    served: list[str] = field(default_factory=list)

    def serve(self, offers: tuple[Offer, ...]) -> None:
        """Run all offers to their end."""
        by_id = {offer.update.update_id: offer for offer in offers}
        while len(self.ended) < len(offers) and self.tick < _LONGEST_TICKS:
            self._release()
            for offer in offers:
                if offer.offered == self.tick:
                    self._ask(offer)
            for one in outranked(self._queue(), self.standing.newest, self._now()):
                self._end(one.update_id, "superseded")
            for one in self._queue():
                if one.not_before <= self._now():
                    self._ask(by_id[one.update_id])
            self.tick += 1

    def _release(self) -> None:
        holder = self.standing.holder
        if holder is not None and self.tick >= self.free_at:
            self._end(holder.update_id, "updated")
            self.served.append(holder.update_id)
            self.standing = Standing(None, self.standing.newest)

    def _ask(self, offer: Offer) -> None:
        start = StartTime(max(self._now(), NOW + offer.begins * _TICK), "", None)
        look = Look(
            now=self._now(),
            standing=self.standing,
            is_holder_running=True,
            waiting=self._queue(),
            when_busy=self.when_busy,
            start=start,
        )
        decision = decide_turn(offer.update, look)
        match decision.turn:
            case Turn.CLAIM:
                update = offer.update
                claim = Claim(ENDPOINT, update.update_id, update.execution_arn, self._now())
                self.standing = Standing(claim, order_of_update(update))
                self.waiting.pop(update.update_id, None)
                self.free_at = self.tick + _RUNS_TICKS
            case Turn.WAIT:
                self._wait(offer.update, start)
            case other:
                self._end(offer.update.update_id, other.value)

    def _wait(self, update: Update, start: StartTime) -> None:
        self.waiting[update.update_id] = Waiting(
            endpoint=ENDPOINT,
            update_id=update.update_id,
            version=update.update_id,
            offered_at=update.offered_at or NOW,
            not_before=start.at,
            why="",
            queued_by="arn",
            when_busy=self.when_busy,
        )

    def _end(self, update_id: str, how: str) -> None:
        self.ended[update_id] = how
        self.waiting.pop(update_id, None)

    def _queue(self) -> tuple[Waiting, ...]:
        return tuple(sorted(self.waiting.values(), key=lambda one: one.order))

    def _now(self) -> datetime:
        return NOW + self.tick * _TICK


def _offers(times: list[tuple[int, int]]) -> tuple[Offer, ...]:
    return tuple(
        Offer(
            update(
                update_id=f"u{number}",
                execution_arn=f"arn:{number}",
                offered_at=NOW + offered * _TICK,
            ),
            offered,
            begins,
        )
        for number, (offered, begins) in enumerate(times)
    )


_TIMES = st.lists(
    st.tuples(st.integers(0, 30), st.one_of(st.just(0), st.integers(0, 120))),
    min_size=1,
    max_size=6,
)


@pytest.mark.long
@given(_TIMES, st.sampled_from([WhenBusy.SUPERSEDE, WhenBusy.QUEUE]))
def test_the_endpoint_ends_on_the_newest_and_each_has_an_end(
    times: list[tuple[int, int]], when_busy: WhenBusy
) -> None:
    offers = _offers(times)
    clerk = Clerk(when_busy)

    clerk.serve(offers)

    newest = max(offers, key=lambda offer: order_of_update(offer.update))
    assert set(clerk.ended) == {offer.update.update_id for offer in offers}
    assert clerk.served[-1] == newest.update.update_id
    assert set(clerk.ended.values()) <= {"updated", "superseded"}


@pytest.mark.long
@given(_TIMES)
def test_what_could_begin_long_before_all_newer_ones_is_not_superseded(
    times: list[tuple[int, int]],
) -> None:
    """With a newer one planned for later than all the others could take, those end as without it."""
    planned = (31, 31 + len(times) * _RUNS_TICKS + 130)
    alone, beside = Clerk(WhenBusy.SUPERSEDE), Clerk(WhenBusy.SUPERSEDE)

    alone.serve(_offers(times))
    beside.serve(_offers([*times, planned]))

    assert beside.served == [*alone.served, f"u{len(times)}"]
