"""DynamoDB always refuses an update's own item: people are notified once, and the endpoint is free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support import clients
from tests.support.refusing_table import (
    DENIED,
    TOO_LARGE,
    Refusing,
    is_any,
    is_of_update,
    is_update,
)
from tests.support.scene import ENDPOINT
from tests.support.walker import Status

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

_HOURS = 3 * 3600
_DAY_SECONDS = 24 * 3600


def refuse(
    world: World, items: Callable[[dict[str, Any]], bool], error: tuple[str, str] = TOO_LARGE
) -> None:
    world.stand_ins["dynamodb"] = Refusing(clients.client("dynamodb"), items, error)


def told(world: World) -> list[str]:
    return [message.partition(":")[0] for message in world.messages()]


@pytest.mark.parametrize(
    ("state", "items", "refusal"),
    [
        ("PlanUpdate", is_update, TOO_LARGE),
        ("ProtectCapacity", is_of_update, DENIED),
        ("StartUpdate", is_update, DENIED),
        ("AwaitOutcome", is_update, TOO_LARGE),
        ("TestModel", is_of_update, TOO_LARGE),
        ("WatchUpdated", is_update, DENIED),
    ],
)
def test_an_update_whose_item_takes_no_change_ends_once_and_frees_its_endpoint(
    world: World, state: str, items: Callable[[dict[str, Any]], bool], refusal: tuple[str, str]
) -> None:
    world.offer()
    begun = world.run_to(state)
    refuse(world, items, refusal)

    world.clock.advance(_HOURS)

    update = world.ledger.look_up(begun.name)
    assert [update.outcome and update.outcome.value] == told(world)
    assert world.ledger.claim(ENDPOINT) is None
    assert world.capacity() == world.capacity_before
    assert len(world.executions) <= 2
    assert world.lambdas.dead_letters == []


def test_an_update_that_arrived_is_told_as_such_though_its_item_takes_no_outcome(
    world: World,
) -> None:
    world.offer()
    begun = world.run_to("RecordOutcome")
    refuse(world, is_of_update)

    world.clock.advance(_HOURS)

    update = world.ledger.look_up(begun.name)
    assert (update.outcome, update.told.announced) == (Outcome.UPDATED, Outcome.UPDATED)
    assert update.serving_config == world.serving
    assert told(world) == ["Updated"]
    assert begun.status is Status.SUCCEEDED
    assert world.ledger.claim(ENDPOINT) is None


def test_the_next_release_goes_in_after_an_update_whose_item_takes_no_change(world: World) -> None:
    world.offer("v2")
    begun = world.run_to("AwaitOutcome")
    refuse(world, lambda key: key == {"pk": {"S": f"update#{begun.name}"}, "sk": {"S": "update"}})
    world.clock.advance(_HOURS)

    world.offer("v3")
    world.clock.advance(_HOURS)

    assert world.ledger.history(ENDPOINT)[0].outcome is Outcome.UPDATED
    assert world.ledger.look_up(begun.name).outcome is Outcome.NEEDS_OPERATOR


def test_people_are_told_though_the_whole_table_takes_no_change(world: World) -> None:
    world.offer()
    begun = world.run_to("AwaitOutcome")
    refuse(world, is_any)

    world.clock.advance(_HOURS)

    assert told(world)[0] == "NeedsOperator"
    assert begun.status is Status.FAILED
    assert len(told(world)) <= 2
    assert len(world.executions) <= 2


def test_once_the_table_takes_changes_again_the_claim_is_given_back(world: World) -> None:
    world.offer()
    world.run_to("AwaitOutcome")
    refuse(world, is_any)
    world.clock.advance(_HOURS)

    del world.stand_ins["dynamodb"]
    world.clock.advance(_HOURS)

    assert world.ledger.claim(ENDPOINT) is None
    assert world.capacity() == world.capacity_before


def test_a_recovery_that_ends_nothing_is_not_begun_for_ever(world: World) -> None:
    """What a recovery comes to is told by its execution; what it can't mend is tried ten times."""
    world.offer()
    stopped = world.run_to("AwaitOutcome")
    world.crash("RecordOutcome", times=10_000)
    world.crash("ClaimEndpoint", times=10_000)
    world.load.stop()
    world.stepfunctions.stop_execution(executionArn=stopped.arn)

    world.clock.advance(5 * _DAY_SECONDS)

    assert len(world.executions) <= 13
    assert "NeedsOperator" in told(world)
