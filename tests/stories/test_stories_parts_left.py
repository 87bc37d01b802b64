"""An update restores each setting separately; a failed one is reported with the command to restore it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories.test_stories_endpoint_policy import REDEPLOYS, share
from tests.support.expectations import codes

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import ServerError

if TYPE_CHECKING:
    from tests.support.world import World

_FOR_EVER = 1000


def test_a_resource_policy_that_fails_for_ever_keeps_no_scaling_from_coming_back(
    world: World,
) -> None:
    share(world)
    world.put_policy(REDEPLOYS)
    world.twin.inject(ServerError(operation="PutEndpointPolicy", times=_FOR_EVER))
    world.offer()

    world.run()

    update = world.update()
    assert world.capacity() == world.capacity_before
    assert update.outcome is Outcome.NEEDS_OPERATOR
    assert codes(update) == ["endpoint.policy-lost"]
    assert "put-endpoint-policy" in update.reasons[0].remedy


@pytest.mark.parametrize(
    ("operation", "command", "part"),
    [
        ("RegisterScalableTarget", "register-scalable-target", "scalable target"),
        ("PutScheduledAction", "put-scheduled-action", "scheduled action"),
        ("PutScalingPolicy", "put-scaling-policy", "scaling policy"),
    ],
)
def test_a_part_of_scaling_that_cannot_be_put_back_is_named_with_its_command(
    world: World, operation: str, command: str, part: str
) -> None:
    world.put_policy(REDEPLOYS)
    world.offer()
    world.run_to("RestoreCapacity")
    world.twin.inject(ServerError(operation=operation, times=_FOR_EVER))

    world.run()

    update = world.update()
    assert update.outcome is Outcome.NEEDS_OPERATOR
    told = {reason.subject: reason.remedy for reason in update.reasons}
    assert command in told[f"endpoint vlm: {part}"]
    assert world.messages() == ["NeedsOperator: vlm v2"]


def test_a_scheduled_action_that_fails_keeps_no_policy_from_coming_back(world: World) -> None:
    world.put_policy(REDEPLOYS)
    world.offer()
    world.run_to("RestoreCapacity")
    world.twin.inject(ServerError(operation="PutScheduledAction", times=_FOR_EVER))

    world.run()

    before, after = world.capacity_before, world.capacity()
    assert (after["targets"], after["policies"]) == (before["targets"], before["policies"])
    assert after["actions"] == []
