"""The endpoint is deleted during an update: people are notified at once, and truthfully."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import codes
from tests.support.losing import delete_endpoint, meanwhile
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.support.world import World


@pytest.mark.parametrize("state", ["TestModel", "WatchUpdated"])
def test_a_deletion_is_told_within_a_minute(world: World, state: str) -> None:
    world.put_policy("strategy: all-at-once\nwatch_seconds: 10m")
    world.offer()
    world.run_to(state)

    delete_endpoint(world)
    world.clock.advance(60)

    assert world.messages() == ["NeedsOperator: vlm v2"]


@pytest.mark.parametrize("state", ["TestModel", "WatchUpdated", "RestoreCapacity", "RecordOutcome"])
def test_the_outcome_of_a_deleted_endpoint_needs_a_person_and_says_why(
    world: World, state: str
) -> None:
    world.put_policy("strategy: all-at-once\nwatch_seconds: 10m")
    meanwhile(world, state, lambda: delete_endpoint(world))
    world.offer()

    world.run()
    world.clock.advance(1800)

    update = world.update()
    assert update.outcome is Outcome.NEEDS_OPERATOR
    assert update.reasons
    assert "no reason was recorded" not in update.summary
    assert world.ledger.claim(ENDPOINT) is None
    assert world.messages() == ["NeedsOperator: vlm v2"]


@pytest.mark.parametrize(
    "state", ["CreateConfig", "EnsureAlarms", "ProtectCapacity", "StartUpdate"]
)
def test_a_deletion_before_the_start_refuses_the_update(world: World, state: str) -> None:
    world.put_policy("strategy: all-at-once")
    meanwhile(world, state, lambda: delete_endpoint(world))
    world.offer()

    world.run()

    update = world.update()
    assert update.outcome is Outcome.REJECTED
    assert codes(update)[0].startswith("endpoint.")
    assert "AWS refused" not in update.summary
    assert world.ledger.claim(ENDPOINT) is None
