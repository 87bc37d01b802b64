"""Good releases: with every strategy the target serves, and no request of a user fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import assert_no_request_failed, assert_nothing_left_behind
from tests.support.scene import FIRST_CONFIG

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

_STRAIGHT = [
    "ClaimEndpoint", "IsClaimed", "IsInPlace", "ValidateModel", "PlanUpdate",
    "IsPlanned", "CreateConfig", "IsCreated", "EnsureAlarms", "ProtectCapacity",
    "IsProtected", "StartUpdate", "IsStarted",
]  # fmt: skip


@pytest.mark.parametrize("strategy", ["rolling", "canary", "linear", "all-at-once"])
def test_a_good_release_is_updated_without_a_failed_request(world: World, strategy: str) -> None:
    world.put_policy(f"strategy: {strategy}")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert assert_nothing_left_behind(world).outcome is Outcome.UPDATED
    assert_no_request_failed(world)
    assert world.lambdas.errors == []


def test_a_redeploy_is_updated_with_its_autoscaling_made_again(world: World) -> None:
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert world.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 4
    assert world.twin.peak_instances("vlm") == 4


def test_a_single_instance_is_updated_all_at_once(make_world: MakeWorld) -> None:
    world = make_world(instances=1)
    world.put_policy("strategy: all-at-once")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert_no_request_failed(world)


def test_the_peak_of_a_rolling_update_is_what_was_planned(world: World) -> None:
    world.offer()
    world.run()

    plan = world.update().planned

    assert world.twin.peak_instances("vlm") == plan.capacity.peak_instances == 6


def test_an_hour_of_canary_costs_few_transitions(world: World) -> None:
    world.put_policy("strategy: canary\ncanary: {bake_seconds: 3600}\ndeadline_seconds: 3h")
    world.offer()

    end = world.run()

    lasted = end.ended_at - end.started_at if end.ended_at else None
    assert lasted is not None
    assert 3600 < lasted.total_seconds() < 7200
    polls = end.path.count("AwaitOutcome")
    assert end.path == [
        *_STRAIGHT, *["AwaitOutcome"] * polls, "IsUpdated", "TestModel", "HasPassed",
        "WatchUpdated", "IsHealthy", "RestoreCapacity", "IsRestored", "RecordOutcome", "IsRecorded",
        "WriteReport", "Announce", "WhichOutcome", "Updated",
    ]  # fmt: skip
    # One poll in five minutes is the safety net; nothing else grows with time.
    assert polls <= lasted.total_seconds() // 300 + 1
    assert end.transitions < 45


def test_a_fleet_is_raised_before_and_lowered_after(world: World) -> None:
    world.put_policy("capacity: {during: {min: 6, max: 8}}")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert "AwaitCapacity" in end.path
    assert_nothing_left_behind(world)
    assert_no_request_failed(world)


def test_an_approved_update_goes_on(world: World) -> None:
    world.put_policy("approval: {required: true}")
    world.offer()
    world.run_to("RequestApproval")
    world.clock.advance(3600)
    token = world.update().waiting.task_token
    assert token is not None

    world.stepfunctions.send_task_success(taskToken=token, output='{"verdict": "approved"}')
    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert "Approve? vlm v2" in world.messages()


def test_a_golden_answer_lets_the_update_stand(world: World) -> None:
    world.s3.put_object(
        Bucket=world.bucket,
        Key="golden/vlm.jsonl",
        Body=b'{"name": "who", "body": {"messages": []}, "expect": {"values": {"model": "v2"}}}',
    )
    world.put_policy("tests: {golden: golden/vlm.jsonl}")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)


def test_a_watched_update_ends_when_the_watch_does(world: World) -> None:
    world.put_policy("watch_seconds: 30m")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert end.path.count("WatchUpdated") >= 6
    assert_nothing_left_behind(world)


def test_a_second_release_is_cloned_from_the_first(world: World) -> None:
    world.offer("v2")
    world.run()
    world.offer("v3")

    end = world.run()

    update = assert_nothing_left_behind(world, end)
    assert end.state == "Updated"
    assert update.planned.previous.version == "v2"


def test_a_manual_rollback_brings_the_previous_version_back(world: World) -> None:
    world.offer("v2")
    world.run()
    back = world.start("back-1", rollback="vlm", reason="customers complain")

    world.run()

    assert back.state == "Updated"
    assert world.serving == FIRST_CONFIG
    update = assert_nothing_left_behind(world, back)
    assert update.version == "v1"
    assert_no_request_failed(world)
