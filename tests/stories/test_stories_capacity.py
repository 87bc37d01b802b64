"""Capacity is restored on every path, and reported truthfully; changes by others stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.expectations import (
    assert_no_request_failed,
    assert_nothing_left_behind,
    codes,
)
from tests.support.laptop import deployment_of
from tests.support.scene import ENDPOINT, INSTANCE_TYPE, VARIANT

from switchover.aws import gateways
from switchover.domain.aborting import call_off
from switchover.domain.outcome import Outcome
from switchover_cli.steering.aborting import ask_to_stop
from switchover_local.twin.scenario import Behaviour, Scenario

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

_RAISED = "capacity: {during: {min: 6, max: 8}}"
_WHERE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{ENDPOINT}/variant/{VARIANT}",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
_MARKED = ["capacity.changed-by-others"]


def underway(world: World, policy: str = _RAISED) -> None:
    """Offer v2 under a policy, and let it run until SageMaker moves."""
    world.put_policy(policy)
    world.offer()
    world.run_to("AwaitOutcome")
    world.clock.advance(60)


def target(world: World) -> dict[str, Any]:
    """The scalable target as it stands."""
    (found,) = world.capacity()["targets"]
    return dict(found)


def test_scaling_is_suspended_and_widened_while_the_update_runs(world: World) -> None:
    underway(world)

    assert (target(world)["MinCapacity"], target(world)["MaxCapacity"]) == (6, 8)
    assert set(target(world)["SuspendedState"].values()) == {True}
    assert world.desired_instances() == 6


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("state", ["ProtectCapacity", "RestoreCapacity"])
@pytest.mark.parametrize("policy", [_RAISED, "strategy: redeploy\nallow_downtime: true"])
def test_a_crash_leaves_the_capacity_as_it_was(
    world: World, state: str, policy: str, *, after: bool
) -> None:
    world.crash(state, times=2, after=after)
    world.put_policy(policy)
    world.offer()

    end = world.run()

    update = assert_nothing_left_behind(world)
    assert end.state == "Updated"
    assert update.reasons == ()


def test_a_refusal_after_the_scale_up_takes_it_back(world: World) -> None:
    world.crash("StartUpdate", times=4)
    world.put_policy(_RAISED)
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert_nothing_left_behind(world)


def test_a_rollback_takes_the_scale_up_back(world: World) -> None:
    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    underway(world, f"{_RAISED}\nstrategy: canary")

    end = world.run()

    assert end.state == "RolledBack"
    assert_nothing_left_behind(world)


@pytest.mark.parametrize("state", ["AwaitCapacity", "IsStarted", "AwaitOutcome", "AwaitRestored"])
def test_a_stopped_update_leaves_the_capacity_as_it_was(world: World, state: str) -> None:
    world.put_policy(_RAISED)
    world.offer()
    stopped = world.run_to(state)

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()

    assert_nothing_left_behind(world)
    assert_no_request_failed(world)


def test_a_bound_that_somebody_set_stays_and_is_told(world: World) -> None:
    underway(world)
    world.scaling.register_scalable_target(**_WHERE, MaxCapacity=20)

    end = world.run()

    update = world.update()
    assert end.state == "Updated"
    assert codes(update) == _MARKED
    assert "MaxCapacity was set to 20 (before: 8)" in str(update.reasons[0])
    before = world.capacity_before["targets"][0]
    assert target(world) == {**before, "MaxCapacity": 20}
    assert world.desired_instances() == 4
    assert "MaxCapacity was set to 20" in world.outlets.messages[-1]["Message"]
    moments = world.ledger.timeline(update.update_id)
    assert [m.text for m in moments if m.state == "RestoreCapacity"] == [
        "Kept as others set it: MaxCapacity was set to 20 (before: 8)."
    ]


def test_a_policy_that_somebody_removed_stays_removed(world: World) -> None:
    underway(world)
    world.scaling.delete_scaling_policy(**_WHERE, PolicyName="follow-the-load")

    world.run()

    assert codes(world.update()) == _MARKED
    assert world.capacity() == {**world.capacity_before, "policies": []}


def test_a_target_that_somebody_removed_stays_removed(world: World) -> None:
    underway(world)
    world.scaling.deregister_scalable_target(**_WHERE)

    end = world.run()

    assert end.state == "Updated"
    assert codes(world.update()) == _MARKED
    assert world.capacity()["targets"] == []
    assert world.desired_instances() == 4


def test_a_fleet_that_nothing_scales_and_that_has_not_its_size_back_needs_a_person(
    world: World,
) -> None:
    """Somebody brings it to the very size that the update had raised it to, after it was put back."""
    world.scaling.deregister_scalable_target(**_WHERE)
    underway(world)
    world.run_to("AwaitRestored")
    assert world.clock.run_until(lambda: world.look()["EndpointStatus"] == "InService", 3600)
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": 6}],
    )

    end = world.run()

    update = world.update()
    assert end.state == "NeedsOperator"
    assert codes(update) == ["capacity.not-restored"]
    assert "it had 4 instances before the update, now 6" in update.summary
    assert world.ledger.claim(ENDPOINT) is None


def test_what_somebody_changed_is_told_on_a_stopped_update_too(world: World) -> None:
    underway(world)
    world.scaling.register_scalable_target(**_WHERE, MinCapacity=3)

    world.stepfunctions.stop_execution(executionArn=world.executions[0].arn)
    world.run()

    update = world.update()
    assert update.outcome is Outcome.ROLLED_BACK
    assert codes(update)[-1:] == _MARKED
    assert target(world)["MinCapacity"] == 3
    assert world.desired_instances() == 4


def test_a_size_that_somebody_chose_stays(world: World) -> None:
    underway(world, f"{_RAISED}\nwatch_seconds: 30m")
    world.run_to("WatchUpdated")
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": 7}],
    )
    world.clock.advance(1200)

    world.run()

    assert codes(world.update())[-1:] == _MARKED
    assert world.desired_instances() == 7
    assert {**world.capacity(), "instances": 4} == world.capacity_before


@pytest.mark.parametrize("state", ["AwaitCapacity", "AwaitOutcome", "WatchUpdated"])
def test_an_update_called_off_leaves_the_capacity_as_it_was(world: World, state: str) -> None:
    world.put_policy(f"{_RAISED}\nwatch_seconds: 30m")
    world.offer()
    world.run_to(state)
    world.clock.advance(60)
    request = call_off(world.update().update_id, world.clock.now(), "Kim", "the demo was moved")

    ask_to_stop(deployment_of(world), world.update(), request)
    world.run()

    assert assert_nothing_left_behind(world).abort == request


def test_a_fleet_that_can_not_be_raised_is_not_updated(make_world: MakeWorld) -> None:
    """SageMaker gives a resize up and is InService again, with the size from before."""
    world = make_world(Scenario(capacity={INSTANCE_TYPE: 5}))
    world.put_policy("capacity: {during: {min: 5, max: 8}}\nstrategy: canary")
    world.twin.set_behaviour("*/v1/", Behaviour(unhealthy_from_instance=5))
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert codes(world.update()) == ["capacity.not-raised"]
    assert_nothing_left_behind(world)


def test_a_size_that_the_release_took_away_comes_back_with_the_previous_version(
    world: World,
) -> None:
    """Without retain_capacity the new config's own 2 instances serve, where 4 did."""
    world.crash("TestModel", times=4)
    world.put_policy("strategy: all-at-once\nretain_capacity: false")
    world.offer()
    world.run_to("TestModel")
    assert world.desired_instances() == 2

    end = world.run()

    assert end.state == "RolledBack"
    assert_nothing_left_behind(world)


def test_a_size_that_the_policy_leaves_to_the_release_stays_so(world: World) -> None:
    world.put_policy("strategy: all-at-once\nretain_capacity: false")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert world.update().reasons == ()
    assert world.capacity() == {**world.capacity_before, "instances": 2}


def test_a_resize_by_somebody_else_is_waited_for_and_stays(world: World) -> None:
    """It begins just before the fleet is looked at, on an endpoint that is back on v1."""
    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    world.crash("RestoreCapacity", times=1)
    world.put_policy(f"{_RAISED}\nstrategy: canary")
    world.offer()
    world.run_to("RestoreCapacity")
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": 7}],
    )

    end = world.run()

    assert end.state == "RolledBack"
    assert codes(world.update())[-1:] == _MARKED
    assert world.capacity() == {**world.capacity_before, "instances": 7}


def test_plans_find_the_quota_behind_the_first_page(world: World) -> None:
    """A world lists fewer quotas than AWS, and still more than one page before the one that is needed."""
    page = world.client("service-quotas").list_service_quotas(ServiceCode="sagemaker")

    assert f"{INSTANCE_TYPE} for endpoint usage" not in {q["QuotaName"] for q in page["Quotas"]}
    assert gateways.quotas().instances(INSTANCE_TYPE) == 20
