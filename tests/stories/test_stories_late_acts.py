"""An announced outcome stays true, even if a request takes effect after its caller has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories.test_stories_way_back import offer_what_answers_wrong
from tests.support.expectations import assert_nothing_left_behind
from tests.support.late_acts import LandsLate

from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

_AN_HOUR = 3600
_LATE = (20, 340)


def _canary(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()


def _raise(world: World) -> None:
    world.put_policy("strategy: rolling\ncapacity: {during: {min: 6, max: 8}}")
    world.offer()


def _redeploy(world: World) -> None:
    world.load.stop()
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.offer()


def _redeploy_what_fails(world: World) -> None:
    world.twin.set_behaviour("*/v2/", Behaviour(unhealthy_from_instance=1))
    _redeploy(world)


def _answer_wrong(world: World) -> None:
    offer_what_answers_wrong(world, "strategy: all-at-once\nguard: {min_requests: 0}")


@pytest.mark.parametrize("stops", [True, False], ids=["stopped", "unanswered"])
@pytest.mark.parametrize("seconds", _LATE)
@pytest.mark.parametrize(
    ("begin", "state", "service", "operation"),
    [
        (_canary, "CreateConfig", "sagemaker", "create_model"),
        (_canary, "CreateConfig", "sagemaker", "create_endpoint_config"),
        (_canary, "EnsureAlarms", "cloudwatch", "put_metric_alarm"),
        (_canary, "ProtectCapacity", "application-autoscaling", "register_scalable_target"),
        (_raise, "ProtectCapacity", "sagemaker", "update_endpoint_weights_and_capacities"),
        (_canary, "StartUpdate", "sagemaker", "update_endpoint"),
        (_redeploy, "StartUpdate", "sagemaker", "delete_endpoint"),
        (_redeploy, "StartUpdate", "sagemaker", "create_endpoint"),
        (_answer_wrong, "RollBack", "sagemaker", "update_endpoint"),
        (_redeploy_what_fails, "RollBack", "sagemaker", "delete_endpoint"),
        (_redeploy_what_fails, "RollBack", "sagemaker", "create_endpoint"),
        (_canary, "RestoreCapacity", "application-autoscaling", "register_scalable_target"),
        (_raise, "RestoreCapacity", "sagemaker", "update_endpoint_weights_and_capacities"),
        (_redeploy, "RestoreCapacity", "application-autoscaling", "put_scaling_policy"),
        (_redeploy, "RestoreCapacity", "application-autoscaling", "put_scheduled_action"),
        (_canary, "RecordOutcome", "cloudwatch", "delete_alarms"),
    ],
)
def test_what_is_told_stays_true_whatever_lands_late(
    world: World,
    begin: Callable[[World], None],
    state: str,
    service: str,
    operation: str,
    seconds: float,
    *,
    stops: bool,
) -> None:
    late = LandsLate(world, service, operation, seconds, state, stops=stops).plant()
    begin(world)

    world.run()
    world.clock.advance(_AN_HOUR)

    assert late.was_asked
    assert_nothing_left_behind(world)
