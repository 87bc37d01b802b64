"""The duration of the next update is learnt from an endpoint's past updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from switchover.domain.plans.experience import expect_ready
from switchover.domain.update.history import past_of

if TYPE_CHECKING:
    from tests.support.world import World

# Provision 180, download 240, health check 60: the default scenario, which no plan is told.
REALLY_READY = 480


@pytest.mark.parametrize("strategy", ["rolling", "canary", "redeploy"])
def test_an_update_teaches_how_long_an_instance_takes(world: World, strategy: str) -> None:
    """Whatever came after success, tests and a watch, isn't counted."""
    world.put_policy(f"strategy: {strategy}\nallow_downtime: true\nwatch_seconds: 900")
    world.offer()

    world.run()

    update = world.update()
    learnt = past_of(update)
    assert learnt is not None
    found = expect_ready([learnt], learnt.model_bytes)
    assert found is not None
    assert found[0] == pytest.approx(REALLY_READY, rel=0.05)
    assert update.planned.times.ready_seconds < REALLY_READY * 0.6
    assert update.progress.settled_at is not None
    assert update.ended_at is not None
    assert (update.ended_at - update.progress.settled_at).total_seconds() >= 900


def test_an_update_that_was_turned_back_teaches_nothing(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to("AwaitOutcome")
    world.cloudwatch.set_alarm_state(
        AlarmName=world.update().planned.alarms.abort, StateValue="ALARM", StateReason="by hand"
    )

    world.run()

    update = world.update()
    assert (update.progress.settled_at, update.progress.moving_seconds) == (None, None)
    assert past_of(update) is None
