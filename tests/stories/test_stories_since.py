"""A change after the last reading is announced; the record keeps its reading."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.losing import delete_endpoint, meanwhile
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import ServerError

if TYPE_CHECKING:
    from tests.support.world import World

_POLICY = "strategy: all-at-once"


def update_by_hand(world: World) -> None:
    """Somebody takes the endpoint back to what served before, past Switchover."""
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=FIRST_CONFIG)


def last_text(world: World) -> str:
    return str(json.loads(world.outlets.events[-1]["Detail"])["since"])


@pytest.mark.parametrize(
    ("act", "said"),
    [(update_by_hand, "the endpoint is still Updating"), (delete_endpoint, "it serves nothing")],
)
def test_a_change_after_the_last_look_is_said(world: World, act: object, said: str) -> None:
    world.put_policy(_POLICY)
    meanwhile(world, "Announce", lambda: act(world))  # type: ignore[operator]
    world.offer()

    world.run()

    update = world.update()
    assert update.outcome is Outcome.UPDATED
    assert update.plan is not None
    assert update.serving_config == update.plan.target.config
    assert last_text(world).startswith("Changed since ")
    assert said in last_text(world)
    assert last_text(world) in world.outlets.messages[-1]["Message"]


def test_nothing_is_said_where_nothing_changed(world: World) -> None:
    world.put_policy(f"{_POLICY}\ncapacity:\n  during: {{min: 6, max: 8}}")
    world.offer()

    world.run()

    assert last_text(world) == ""
    assert "Changed since" not in world.outlets.messages[-1]["Message"]


def test_an_announcement_is_made_though_the_endpoint_cannot_be_read_again(world: World) -> None:
    world.put_policy(_POLICY)
    fault = ServerError(operation="DescribeEndpoint", times=4)
    meanwhile(world, "Announce", lambda: world.twin.inject(fault))
    world.offer()

    world.run()

    assert world.messages() == ["Updated: vlm v2"]


@pytest.mark.parametrize(
    ("state", "outcome", "is_claimed"),
    [
        ("WatchUpdated", Outcome.ROLLED_BACK, False),
        ("RestoreCapacity", Outcome.NEEDS_OPERATOR, True),
        ("RecordOutcome", Outcome.NEEDS_OPERATOR, True),
    ],
)
def test_an_update_by_somebody_else_before_the_last_look_is_never_told_as_ours(
    world: World,
    state: str,
    outcome: Outcome,
    is_claimed: bool,  # noqa: FBT001
) -> None:
    world.put_policy("strategy: all-at-once\nwatch_seconds: 10m")
    meanwhile(world, state, lambda: update_by_hand(world))
    world.offer()

    world.run()

    update = world.update()
    assert update.outcome is outcome
    assert update.reasons
    assert (world.ledger.claim(ENDPOINT) is not None) is is_claimed
