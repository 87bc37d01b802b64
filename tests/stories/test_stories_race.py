"""Doubled, late and lost starts in any order: each release ends once, and the newest known one serves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.scene import ENDPOINT
from tests.support.world import World

from switchover.aws import clients as product_clients
from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import Scenario

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld

_VERSIONS = ("v2", "v3", "v4")
_ENDED = {Outcome.UPDATED, Outcome.SUPERSEDED}


def test_of_a_hundred_starts_one_runs_and_none_is_lost(make_world: MakeWorld) -> None:
    world = make_world(requests_per_second=0.1)
    world.put_policy("strategy: all-at-once")
    world.offer("v2", is_told=False)
    uri = f"s3://{world.bucket}/releases/vlm/v2/release.json"
    for number in range(100):
        world.start(f"start-{number:03}", release=uri)

    world.clock.advance(400)
    # While the one runs, all others have ended already: they ask for nothing new.
    assert world.queue.entries(ENDPOINT) == ()
    world.run()

    updates = world.ledger.history(ENDPOINT, 200)
    ended = Counter(update.outcome for update in updates)
    assert len(updates) == 100
    assert ended[Outcome.UPDATED] == 1
    assert ended[Outcome.SUPERSEDED] == 99
    # Whoever made way did so by its own execution.
    assert len(world.executions) == 100
    assert world.queue.entries(ENDPOINT) == ()
    assert world.ledger.claim(ENDPOINT) is None
    assert world.lambdas.dead_letters == []


# Each telling of a release: which, and how many seconds after the one before. What isn't told is lost.
_tellings = st.lists(
    st.tuples(st.sampled_from(range(3)), st.sampled_from([0, 1, 30, 600, 2000])),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("when_busy", ["supersede", "queue"])
@given(tellings=_tellings)
@settings(
    max_examples=4, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_events_in_any_order_end_with_the_newest_that_was_told(
    monkeypatch: pytest.MonkeyPatch, when_busy: str, tellings: list[tuple[int, int]]
) -> None:
    world = World(Scenario())
    monkeypatch.setattr(product_clients, "client", world.client)
    world.begin(4, 0.1)
    world.put_policy(f"strategy: all-at-once\nwhen_busy: {when_busy}")
    events = []
    for version in _VERSIONS:
        world.clock.advance(1)
        events.append(world.offer(version, is_told=False))

    for which, seconds in tellings:
        world.clock.advance(seconds)
        world.outlets.emit(events[which])
    world.run()

    told = {_VERSIONS[which] for which, _ in tellings}
    updates = world.ledger.history(ENDPOINT)
    assert {update.version for update in updates} == told
    assert len(updates) == len(told)
    assert {update.outcome for update in updates} <= _ENDED
    [newest] = [update for update in updates if update.version == max(told)]
    assert newest.outcome is Outcome.UPDATED
    assert world.serving == newest.planned.target.config
    assert world.queue.entries(ENDPOINT) == ()
    assert world.ledger.claim(ENDPOINT) is None
    assert world.lambdas.dead_letters == []
    assert world.capacity() == world.capacity_before
