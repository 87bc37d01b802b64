"""A release that is offered again while its update runs is one update with one announcement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.losing import lose_update

if TYPE_CHECKING:
    from tests.support.world import World


@pytest.mark.parametrize("state", ["ValidateModel", "AwaitOutcome", "TestModel", "Announce"])
@pytest.mark.parametrize("is_lost", [False, True], ids=["recorded", "record lost"])
def test_the_same_bytes_offered_again_in_flight_are_told_once(
    world: World, state: str, *, is_lost: bool
) -> None:
    world.offer()
    running = world.run_to(state)
    lost = [running.name] if is_lost else []
    [lose_update(world, name) for name in lost]

    world.offer()
    world.run()
    world.clock.advance(3600)

    assert len(world.messages()) == 1
