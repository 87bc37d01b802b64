"""Settings that an update couldn't restore at its end are restored later, automatically."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import assert_nothing_left_behind, codes
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import SystemUpdate

if TYPE_CHECKING:
    from tests.support.world import World

_RAISED = "strategy: canary\ncapacity: {during: {min: 6, max: 8}}"
_FOR_EVER = 1000
_ROUND_SECONDS = 15 * 60
_DAY_SECONDS = 24 * 3600


def _own_alarms(world: World) -> set[str]:
    return {name for name in world.alarm_names() if "/standing/" not in name}


@pytest.fixture
def unsettled(world: World) -> World:
    """Nobody can observe v2 while it is on its way: it ends before SageMaker does."""
    world.put_policy(_RAISED)
    world.offer()
    world.run_to("AwaitOutcome")
    world.crash("ObserveUpdate", times=_FOR_EVER)
    world.run_to("NeedsOperator")
    return world


def test_an_update_that_ends_before_sagemaker_does_says_what_is_left(unsettled: World) -> None:
    update = unsettled.update()

    assert "PendingDeploymentSummary" in unsettled.describe()
    assert codes(update)[0] == "capacity.not-restored"
    assert "after SageMaker has settled" in update.reasons[0].remedy
    assert _own_alarms(unsettled) == {spec.name for spec in update.planned.alarms.specs[2:]}
    assert unsettled.ledger.claim(ENDPOINT) is not None


def test_what_was_left_is_put_back_once_sagemaker_has_settled(unsettled: World) -> None:
    unsettled.lambdas.crashes["ObserveUpdate"].clear()

    unsettled.clock.advance(_DAY_SECONDS)

    assert unsettled.update().outcome is Outcome.NEEDS_OPERATOR
    assert unsettled.capacity() == unsettled.capacity_before
    assert _own_alarms(unsettled) == set()
    assert unsettled.ledger.claim(ENDPOINT) is None
    assert unsettled.messages() == ["NeedsOperator: vlm v2"]
    assert [execution.state for execution in unsettled.executions] == ["NeedsOperator"] * 2


def test_while_sagemaker_moves_nobody_tries_in_vain(unsettled: World) -> None:
    settles = unsettled.clock.run_until(
        lambda: "PendingDeploymentSummary" not in unsettled.look(), _DAY_SECONDS
    )

    assert settles
    assert len(unsettled.executions) == 1


def test_a_release_that_comes_meanwhile_finds_all_as_it_was(unsettled: World) -> None:
    unsettled.lambdas.crashes["ObserveUpdate"].clear()
    unsettled.offer("v3")

    unsettled.clock.advance(_DAY_SECONDS)

    (v3,) = [e for e in unsettled.executions if unsettled.update(e).version == "v3"][-1:]
    update = assert_nothing_left_behind(unsettled, v3)
    assert update.outcome is Outcome.UPDATED
    assert update.capacity.snapshot is not None
    assert update.capacity.snapshot.desired_instances == 4


@pytest.mark.parametrize("state", ["ProtectCapacity", "AwaitOutcome"])
def test_a_stop_that_no_event_told_of_is_found(
    world: World, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put_policy(_RAISED)
    world.offer()
    stopped = world.run_to(state)
    with monkeypatch.context() as silence:
        silence.setattr(world.stepfunctions, "emit", lambda _event: None)
        world.stepfunctions.stop_execution(executionArn=stopped.arn)

    world.clock.advance(2 * _ROUND_SECONDS)
    world.run()

    assert_nothing_left_behind(world)


def test_a_recovery_that_got_nowhere_is_tried_again(world: World) -> None:
    """It could neither take its update up nor record anything: the ledger was out of reach."""
    world.put_policy(_RAISED)
    world.offer()
    stopped = world.run_to("AwaitOutcome")
    world.crash("ClaimEndpoint", times=4)
    world.crash("RestoreCapacity", times=4)
    world.crash("RecordOutcome", times=4)
    world.stepfunctions.stop_execution(executionArn=stopped.arn)

    world.run()
    world.clock.advance(_DAY_SECONDS)

    assert world.executions[1].state == "NeedsOperator"
    assert world.update().outcome is Outcome.ROLLED_BACK
    assert world.capacity() == world.capacity_before
    assert _own_alarms(world) == set()
    assert world.ledger.claim(ENDPOINT) is None


def test_a_recovery_that_comes_late_leaves_the_next_update_alone(world: World) -> None:
    """The first one's telling kept failing; a person stopped it when the next one was on its way."""
    world.put_policy(_RAISED)
    world.offer("v2")
    told = world.run_to("Announce")
    world.offer("v3")
    world.run_to("AwaitOutcome", execution=1)
    widened = world.capacity()

    world.start("late", recover=told.name)
    world.clock.advance(60)

    assert world.executions[-1].state == "Updated"
    assert world.capacity() == widened
    assert widened["targets"] != world.capacity_before["targets"]
    world.run()
    assert_nothing_left_behind(world, world.executions[1])


def test_a_fleet_under_maintenance_gets_its_size_back_after_it(world: World) -> None:
    world.put_policy(f"{_RAISED}\nwatch_seconds: 20m")
    world.offer()
    world.run_to("WatchUpdated")
    world.twin.inject(SystemUpdate(endpoint=ENDPOINT, lasts_seconds=3600))

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
