"""The claim's item is deleted during an update: every change is restored all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import assert_nothing_left_behind
from tests.support.losing import delete_item
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.support.world import World

_RAISED = "strategy: rolling\ncapacity:\n  during: {min: 6, max: 8}\nwatch_seconds: 10m"
# From the first state that has something to put back to the last that puts it back.
_STATES = [
    "StartUpdate", "AwaitOutcome", "IsUpdated", "TestModel", "WatchUpdated", "IsHealthy",
    "RestoreCapacity", "RecordOutcome",
]  # fmt: skip


@pytest.mark.parametrize("state", ["ValidateModel", "PlanUpdate", "ProtectCapacity", *_STATES])
def test_an_update_without_its_claim_puts_back_what_it_changed(world: World, state: str) -> None:
    world.put_policy(_RAISED)
    world.offer()
    world.run_to(state)
    delete_item(world, f"endpoint#{ENDPOINT}", "claim")

    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.UPDATED


@pytest.mark.parametrize("state", ["ProtectCapacity", *_STATES])
def test_an_update_that_is_stopped_without_its_claim_puts_back_what_it_changed(
    world: World, state: str
) -> None:
    world.put_policy(_RAISED)
    world.offer()
    stopped = world.run_to(state)
    delete_item(world, f"endpoint#{ENDPOINT}", "claim")

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()

    update = assert_nothing_left_behind(world)
    assert update.outcome in {Outcome.ROLLED_BACK, Outcome.REJECTED, Outcome.UPDATED}


@pytest.mark.parametrize(
    "state", ["StartUpdate", "AwaitOutcome", "WatchUpdated", "RestoreCapacity"]
)
def test_the_next_release_waits_for_an_update_whose_claim_is_lost(world: World, state: str) -> None:
    world.put_policy(_RAISED)
    world.offer("v2")
    world.run_to(state)
    delete_item(world, f"endpoint#{ENDPOINT}", "claim")

    world.offer("v3")
    world.run()

    first, last = world.ledger.history(ENDPOINT)[::-1]
    assert (first.outcome, last.outcome) == (Outcome.UPDATED, Outcome.UPDATED)
    assert first.ended_at is not None
    assert world.capacity() == world.capacity_before


def test_an_update_whose_claim_is_lost_is_still_woken(world: World) -> None:
    world.put_policy(_RAISED)
    world.offer()
    waiting = world.run_to("WatchUpdated")
    delete_item(world, f"endpoint#{ENDPOINT}", "claim")
    before = world.clock.now()

    world.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    world.clock.run_until(lambda: waiting.state != "WatchUpdated", 300)

    assert (world.clock.now() - before).total_seconds() < 30
