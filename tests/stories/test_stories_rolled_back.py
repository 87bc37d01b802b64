"""Bad releases and failures of AWS: the previous config serves again, or a person is notified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.expectations import (
    assert_no_request_failed,
    assert_nothing_left_behind,
    codes,
)
from tests.support.scene import ENDPOINT, FIRST_CONFIG, INSTANCE_TYPE
from tests.support.stand_ins import PassesOn

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import (
    Behaviour,
    RollbackFailure,
    Scenario,
    Switches,
    SystemUpdate,
)

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

_ERRORS = Behaviour(server_error_rate=0.7)
_SLOW = Behaviour(latency_us=20_000_000)
_UNHEALTHY = Behaviour(unhealthy_from_instance=1)
# By then the first batch of old instances is gone: the way back needs new ones.
_UNHEALTHY_LATER = Behaviour(unhealthy_from_instance=3)


@pytest.mark.parametrize("strategy", ["rolling", "canary", "linear", "all-at-once"])
@pytest.mark.parametrize("behaviour", [_ERRORS, _SLOW], ids=["errors", "slow"])
def test_a_bad_model_is_turned_back_by_its_alarm(
    world: World, strategy: str, behaviour: Behaviour
) -> None:
    world.put_policy(f"strategy: {strategy}")
    world.twin.set_behaviour("*/v2/", behaviour)
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert "alarm.went-red" in codes(update)
    assert end.cause is not None
    assert "went red" in end.cause


@pytest.mark.parametrize("strategy", ["rolling", "canary", "linear", "all-at-once"])
def test_a_model_that_never_gets_healthy_disturbs_nobody(world: World, strategy: str) -> None:
    world.put_policy(f"strategy: {strategy}")
    world.twin.set_behaviour("*/v2/", _UNHEALTHY)
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert "sagemaker.failure-reason" in codes(update)
    assert "ping health check" in update.found.evidence.failure_reason
    assert_no_request_failed(world)


def test_a_failed_redeploy_is_made_again_on_the_previous_config(world: World) -> None:
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.twin.set_behaviour("*/v2/", _UNHEALTHY)
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    assert_nothing_left_behind(world)


def test_missing_capacity_is_named(make_world: MakeWorld) -> None:
    world = make_world(Scenario(capacity={INSTANCE_TYPE: 5}))
    world.put_policy("strategy: canary")
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert "InsufficientInstanceCapacity" in update.found.evidence.failure_reason
    assert_no_request_failed(world)


def test_a_silent_rollback_is_not_success(make_world: MakeWorld) -> None:
    world = make_world(Scenario(switches=Switches(failure_reason_after_rollback="empty")))
    world.twin.set_behaviour("*/v2/", _UNHEALTHY)
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["update.rolled-back"]


def test_a_half_failed_rollback_is_repaired(make_world: MakeWorld) -> None:
    world = make_world(Scenario(faults=(RollbackFailure(times=1),)))
    world.twin.set_behaviour("*/v2/", _UNHEALTHY_LATER)
    world.offer()

    end = world.run()

    assert "UpdateRollbackFailed" in [t.status for t in world.twin.transitions(ENDPOINT)]
    assert end.state == "RolledBack"
    assert_nothing_left_behind(world)


def test_a_rollback_that_can_not_be_repaired_calls_a_person(make_world: MakeWorld) -> None:
    world = make_world(Scenario(faults=(RollbackFailure(times=9),)))
    world.twin.set_behaviour("*/v2/", _UNHEALTHY_LATER)
    world.offer()
    world.run_to("AwaitOutcome")
    world.clock.run_until(
        lambda: world.look()["EndpointStatus"] == "UpdateRollbackFailed", 4 * 3600
    )
    # There are no instances to go back to, and none come.
    world.twin.change_scenario(capacity={INSTANCE_TYPE: 0})

    end = world.run()

    assert end.state == "NeedsOperator"
    update = world.update()
    assert update.outcome is Outcome.NEEDS_OPERATOR
    assert world.ledger.claim(ENDPOINT) is None
    assert world.messages() == ["NeedsOperator: vlm v2"]


def test_an_endpoint_that_fails_for_good_calls_a_person(make_world: MakeWorld) -> None:
    world = make_world(Scenario(switches=Switches(deadline_outcome="failed")))
    world.put_policy("deadline_seconds: 1900\nready_seconds: 200")
    world.twin.set_behaviour("*/v2/", Behaviour(download_seconds=1500))
    world.offer()

    end = world.run()

    assert end.state == "NeedsOperator"
    assert "Failed" in world.update().summary
    assert world.ledger.claim(ENDPOINT) is None


@pytest.mark.parametrize(("left", "ends"), [("rolled_back", "RolledBack"), ("mixed", "RolledBack")])
def test_a_deadline_that_passes_is_turned_back(make_world: MakeWorld, left: str, ends: str) -> None:
    world = make_world(Scenario(switches=Switches.model_validate({"deadline_outcome": left})))
    world.put_policy("deadline_seconds: 1900\nready_seconds: 200")
    world.twin.set_behaviour("*/v2/", Behaviour(download_seconds=1500))
    world.offer()

    end = world.run()

    assert end.state == ends
    assert_nothing_left_behind(world)


def test_maintenance_in_the_middle_is_waited_for(world: World) -> None:
    world.put_policy("watch_seconds: 20m")
    world.offer()
    world.run_to("WatchUpdated")
    world.twin.inject(SystemUpdate(endpoint=ENDPOINT, lasts_seconds=1800))

    end = world.run()

    assert "SystemUpdating" in [t.status for t in world.twin.transitions(ENDPOINT)]
    assert end.state == "Updated"
    assert_nothing_left_behind(world)


def test_maintenance_just_before_the_start_ends_in_a_clear_refusal(world: World) -> None:
    world.offer()
    world.run_to("IsProtected")
    world.twin.inject(SystemUpdate(endpoint=ENDPOINT, lasts_seconds=600))

    end = world.run()

    assert end.state == "Rejected"
    assert_nothing_left_behind(world)


def test_a_wrong_answer_turns_the_update_back(world: World) -> None:
    world.put_policy("tests: {golden: golden/vlm.jsonl}")
    world.twin.set_behaviour("*/v2/", Behaviour(reply="I am somebody else"))
    world.s3.put_object(
        Bucket=world.bucket,
        Key="golden/vlm.jsonl",
        Body=b'{"name": "say", "body": {}, "expect": {"matches": "This is v2"}}',
    )
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["golden.failed"]
    assert world.serving == FIRST_CONFIG


def test_a_model_that_goes_bad_while_watched_is_turned_back(world: World) -> None:
    world.put_policy("watch_seconds: 1h")
    world.offer()
    world.run_to("WatchUpdated")
    world.clock.advance(600)
    world.twin.set_behaviour("*/v2/", _ERRORS)

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert "alarm.went-red" in codes(update)


class _SageMakerThatForgets(PassesOn):
    """Takes UpdateEndpoint and does nothing: an update that is accepted and never starts."""

    def update_endpoint(self, **request: Any) -> dict[str, Any]:
        return {"EndpointArn": "", **dict.fromkeys(request)}


def test_an_update_that_never_starts_is_not_success(world: World) -> None:
    world.stand_ins["sagemaker"] = _SageMakerThatForgets(world.sagemaker)
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["update.rolled-back"]
    assert_no_request_failed(world)


class _SageMakerThatIsStuck(_SageMakerThatForgets):
    """Says Updating for ever, once it was asked to update."""

    is_asked = False

    def update_endpoint(self, **request: Any) -> dict[str, Any]:
        self.is_asked = True
        return super().update_endpoint(**request)

    def describe_endpoint(self, **request: Any) -> dict[str, Any]:
        described: dict[str, Any] = self.client.describe_endpoint(**request)
        return {**described, **({"EndpointStatus": "Updating"} if self.is_asked else {})}


def test_an_update_that_never_ends_calls_a_person(world: World) -> None:
    world.stand_ins["sagemaker"] = _SageMakerThatIsStuck(world.sagemaker)
    world.offer()

    end = world.run()

    assert end.state == "NeedsOperator"
    update = world.update()
    assert update.outcome is Outcome.NEEDS_OPERATOR
    assert update.way_back.tripped_at is not None
    assert world.messages() == ["NeedsOperator: vlm v2"]
    # Nobody else begins before SageMaker has settled it (docs/outcomes.md).
    assert world.ledger.claim(ENDPOINT) is not None
    # SageMaker still watches the alarms of what it says is under way.
    assert world.capacity() == world.capacity_before
