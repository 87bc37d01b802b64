"""A release that is offered again during or after its update gets a true answer each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import codes

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.support.world import World

_IN_FLIGHT = ["ValidateModel", "AwaitOutcome", "TestModel", "RestoreCapacity", "RecordOutcome"]


@pytest.fixture(autouse=True)
def _quick(world: World) -> None:
    world.put_policy("strategy: all-at-once\nreleases_may: [hotfix, watch_seconds]\n")


@pytest.mark.parametrize("state", _IN_FLIGHT)
@pytest.mark.parametrize("asked", [{"reason": "once more"}, {"start": "low-peak"}], ids=str)
def test_the_same_version_offered_in_flight_joins_the_update_that_runs(
    world: World, state: str, asked: dict[str, str]
) -> None:
    world.offer()
    first = world.run_to(state)

    world.offer(**asked)
    world.run()

    again = world.update(world.executions[1])
    assert again.outcome is Outcome.SUPERSEDED
    assert codes(again) == ["queue.joined"]
    assert first.name in again.summary
    assert sorted(world.messages()) == ["Superseded: vlm v2", "Updated: vlm v2"]
    assert len(world.executions) == 2


@pytest.mark.parametrize("state", ["Announce", "Updated"])
def test_what_serves_already_is_not_refused_when_it_is_offered_again(
    world: World, state: str
) -> None:
    world.offer()
    world.run_to(state)

    world.offer(reason="once more")
    world.run()

    assert codes(world.update(world.executions[1])) == ["queue.joined"]
    assert sorted(world.messages()) == ["Superseded: vlm v2", "Updated: vlm v2"]


@pytest.mark.parametrize(
    "asked",
    [{"policy": {"watch_seconds": 60}}, {"hotfix": True, "reason": "v1 fails"}],
    ids=["overrides", "hotfix"],
)
def test_what_asks_for_something_else_of_the_same_version_waits(
    world: World, asked: dict[str, object]
) -> None:
    world.offer()
    world.run_to("AwaitOutcome")

    world.offer(**asked)
    world.clock.advance(30)

    assert world.update(world.executions[1]).outcome is Outcome.QUEUED


def test_a_changed_policy_is_gone_by(world: World) -> None:
    world.offer()
    world.run_to("AwaitOutcome")
    world.put_policy("strategy: all-at-once\nguard: {min_requests: 0}\n")

    world.offer(reason="with the mended policy")
    world.clock.advance(30)

    assert world.update(world.executions[1]).outcome is Outcome.QUEUED


def test_what_was_offered_between_keeps_its_turn(world: World) -> None:
    """v2 runs, v3 waits, v2 is offered again: v2 is wanted after v3."""
    world.offer()
    world.run_to("AwaitOutcome")
    world.offer("v3")
    world.clock.advance(5)

    world.offer(reason="v2 after all")
    world.clock.advance(30)

    assert world.update(world.executions[2]).outcome is Outcome.QUEUED


def test_an_update_that_goes_back_grants_nothing(world: World) -> None:
    world.offer()
    first = world.run_to("AwaitOutcome")
    world.stepfunctions.stop_execution(executionArn=first.arn)
    world.clock.advance(30)

    world.offer(reason="again, please")
    world.run()

    assert world.messages().count("Updated: vlm v2") == 1
    assert "Superseded: vlm v2" not in world.messages()
