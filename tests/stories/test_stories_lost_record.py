"""An update's own item is deleted: people are told SageMaker's real state, never "unchanged"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import codes
from tests.support.losing import delete_item, lose_update
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.naming import config_name
from switchover.domain.outcome import Outcome
from switchover.domain.plans.cloning import PREVIOUS_TAG, UPDATE_TAG

if TYPE_CHECKING:
    from tests.support.world import World

_POLICY = "strategy: all-at-once\nwatch_seconds: 10m"
_BEGUN = ["ProtectCapacity", "StartUpdate", "AwaitOutcome", "TestModel", "WatchUpdated"]
_LATE = ["RestoreCapacity", "RecordOutcome", "Announce"]


def own_alarms(world: World) -> set[str]:
    return {name for name in world.alarm_names() if "/standing/" not in name}


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        *(
            (state, Outcome.NEEDS_OPERATOR)
            for state in [*_BEGUN, "RestoreCapacity", "RecordOutcome"]
        ),
        ("Announce", Outcome.UPDATED),
    ],
)
def test_what_sagemaker_shows_is_told_once(world: World, state: str, outcome: Outcome) -> None:
    world.put_policy(_POLICY)
    world.offer()
    running = world.run_to(state)
    lose_update(world, running.name)

    world.run()
    world.clock.advance(7200)

    update = world.ledger.update(running.name)
    assert update.outcome is outcome
    assert world.messages() == [f"{outcome}: vlm v2"]
    assert world.ledger.claim(ENDPOINT) is None
    assert own_alarms(world) == set()
    assert world.lambdas.dead_letters == []


@pytest.mark.parametrize("state", [*_BEGUN, *_LATE])
def test_a_stopped_update_without_a_record_is_found_by_its_config(world: World, state: str) -> None:
    world.put_policy(_POLICY)
    world.offer()
    stopped = world.run_to(state)
    lose_update(world, stopped.name)

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()
    world.clock.advance(7200)

    update = world.ledger.update(stopped.name)
    own = config_name(ENDPOINT, "v2", stopped.name, update.started_at)
    assert update.outcome is Outcome.NEEDS_OPERATOR
    assert codes(update)[0] == "update.record-lost"
    assert own in update.reasons[0].message
    assert world.ledger.claim(ENDPOINT) is None
    assert own_alarms(world) == set()
    assert world.messages() == ["NeedsOperator: vlm v2"]


def test_the_next_command_leads_back_to_what_served_before(world: World) -> None:
    world.put_policy(_POLICY)
    world.offer()
    stopped = world.run_to("WatchUpdated")
    lose_update(world, stopped.name)
    world.stepfunctions.stop_execution(executionArn=stopped.arn)

    world.run()

    update = world.ledger.update(stopped.name)
    assert f"--endpoint-config-name {FIRST_CONFIG}" in update.reasons[0].remedy
    assert "capacity.left-suspended" in codes(update)
    assert f"vlm is InService on {world.serving}" in update.summary


@pytest.mark.parametrize("state", ["IsInPlace", "ValidateModel", "PlanUpdate"])
def test_an_update_that_had_made_nothing_is_still_rejected(world: World, state: str) -> None:
    world.offer()
    running = world.run_to(state)
    lose_update(world, running.name)

    world.run()

    assert world.ledger.update(running.name).outcome is Outcome.REJECTED
    assert world.traces() == world.traces_before
    assert world.ledger.claim(ENDPOINT) is None


def test_a_rollback_without_its_record_calls_a_person(world: World) -> None:
    world.offer()
    world.run()
    back = world.start("back", rollback=ENDPOINT, reason="v2 answers in rhyme")
    world.run_to("AwaitOutcome", execution=1)
    lose_update(world, back.name)

    world.run()
    world.clock.advance(7200)

    update = world.ledger.update(back.name)
    assert update.outcome is Outcome.NEEDS_OPERATOR
    assert codes(update)[0] == "update.record-lost"
    assert world.ledger.claim(ENDPOINT) is None
    assert own_alarms(world) == set()


@pytest.mark.parametrize("state", ["AwaitOutcome", "WatchUpdated"])
def test_a_lost_claim_and_a_lost_record_are_told_as_well(world: World, state: str) -> None:
    world.put_policy(_POLICY)
    world.offer()
    running = world.run_to(state)
    lose_update(world, running.name)
    delete_item(world, f"endpoint#{ENDPOINT}", "claim")

    world.run()

    assert world.ledger.update(running.name).outcome is Outcome.NEEDS_OPERATOR
    assert world.messages() == ["NeedsOperator: vlm v2"]


def test_config_and_model_say_which_update_made_them_and_from_what(world: World) -> None:
    world.offer()
    made = world.run()

    config = world.sagemaker.describe_endpoint_config(EndpointConfigName=world.serving)
    model = world.sagemaker.describe_model(ModelName=world.serving_model())
    arns = [config["EndpointConfigArn"], model["ModelArn"]]
    tags = [world.sagemaker.list_tags(ResourceArn=arn)["Tags"] for arn in arns]

    own = {UPDATE_TAG: made.name, PREVIOUS_TAG: FIRST_CONFIG}
    assert [{tag["Key"]: tag["Value"] for tag in each} for each in tags] == [own, own]
