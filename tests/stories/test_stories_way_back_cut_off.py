"""A way back that crashes while nothing serves is taken up again, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import codes
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.support.world import World

_PAST_RETRIES = 4
_FOR_EVER = 10_000
_FOUR_HOURS = 4 * 3600


def begin_redeploy_that_fails(world: World) -> None:
    world.load.stop()
    world.twin.set_behaviour("*/v2/", Behaviour(unhealthy_from_instance=1))
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.offer()


@pytest.mark.parametrize("state", ["RollBack", "AwaitRollback"])
def test_an_endpoint_that_a_crash_left_deleted_is_made_again(world: World, state: str) -> None:
    """In `RollBack` the endpoint has failed and isn't deleted yet; in `AwaitRollback` it is."""
    begin_redeploy_that_fails(world)
    world.run_to(state)
    world.crash("RollBack", times=_PAST_RETRIES)

    world.run()
    world.clock.advance(_FOUR_HOURS)

    assert world.executions[0].state == "NeedsOperator"
    update = world.update()
    assert update.outcome is Outcome.ROLLED_BACK
    assert world.serving == FIRST_CONFIG
    assert world.ledger.claim(ENDPOINT) is None
    assert world.capacity() == world.capacity_before
    assert codes(update)[0] == "sagemaker.failure-reason"
    assert world.messages() == ["NeedsOperator: vlm v2", "RolledBack: vlm v2"]


def test_a_way_back_that_goes_on_crashing_is_tried_after_growing_pauses_and_told_once(
    world: World,
) -> None:
    begin_redeploy_that_fails(world)
    world.run_to("AwaitRollback")
    world.crash("RollBack", times=_FOR_EVER)

    world.run()
    world.clock.advance(_FOUR_HOURS)

    # At once, and 10, 30, 70 and 150 minutes after that, as the sweep comes by.
    assert 4 <= len(world.executions) <= 7
    assert world.messages() == ["NeedsOperator: vlm v2"]
    assert world.update().outcome is Outcome.NEEDS_OPERATOR
    assert world.ledger.claim(ENDPOINT) is not None


def test_an_endpoint_that_a_person_made_again_meanwhile_stays_theirs(world: World) -> None:
    begin_redeploy_that_fails(world)
    world.run_to("AwaitRollback")
    world.crash("RollBack", times=_PAST_RETRIES)
    world.clock.run_until(lambda: world.executions[0].state == "NeedsOperator", _FOUR_HOURS)
    config = world.sagemaker.describe_endpoint_config(EndpointConfigName=FIRST_CONFIG)
    world.sagemaker.create_endpoint_config(
        EndpointConfigName="by-hand", ProductionVariants=config["ProductionVariants"]
    )
    world.sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="by-hand")

    world.clock.advance(_FOUR_HOURS)

    assert world.serving == "by-hand"
    assert world.update().outcome is Outcome.NEEDS_OPERATOR
    assert world.ledger.claim(ENDPOINT) is None
