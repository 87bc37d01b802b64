"""An update that runs during a deployment finishes: old execution, old record, new functions."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import to_json
from tests.support.asking import BEFORE_START, ask, say
from tests.support.definition import read_definition
from tests.support.expectations import assert_nothing_left_behind
from tests.support.late_acts import LandsLate

from switchover.aws.update_shape import flatten
from switchover.domain.update.approval import Reply
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

OLDER = sorted((Path(__file__).parents[1] / "older" / "definitions").iterdir())
_HOUR = 3600
_FOR_EVER = 10_000
_OWN = {"revision", "is_unreadable", "parts", "task_token", "awaited", "emitted", "announced"}
# Fields that the code of schema 1 didn't write.
_LATER = {"offered_by", "policy_version", "gate_closed_by", "is_confirmed", "identity", "serving"}


@pytest.fixture(params=OLDER, ids=[file.name for file in OLDER])
def old(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """A world whose executions were started with an older definition."""
    world = make_world()
    world.stepfunctions.definition = read_definition(request.param)
    return world


def write_as_schema_1(world: World) -> None:
    """Put the update's item as it was written before long fields had parts of their own."""
    update = world.update()
    key: dict[str, Any] = {"pk": {"S": f"update#{update.update_id}"}, "sk": {"S": "update"}}
    table = world.settings["SWITCHOVER_TABLE"]
    item = world.dynamodb.get_item(TableName=table, Key=key)["Item"]
    body = to_json(flatten(update), exclude=_OWN | _LATER)
    del item["parts"], item["listed"]
    item |= {"schema": {"N": "1"}, "body": {"B": zlib.compress(body)}}
    world.dynamodb.put_item(TableName=table, Item=item)


def test_an_old_execution_brings_a_good_release(old: World) -> None:
    old.offer()

    assert old.run().state == "Updated"
    assert_nothing_left_behind(old)


def test_an_old_execution_turns_a_bad_release_back(old: World) -> None:
    old.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    old.offer()

    assert old.run().state == "RolledBack"
    assert_nothing_left_behind(old)


def test_an_old_execution_hears_the_answer_of_people(old: World) -> None:
    ask(old, BEFORE_START, "RequestApproval")

    say(old, Reply.APPROVED)

    assert old.run().state == "Updated"
    assert_nothing_left_behind(old)


def test_an_old_execution_waits_for_what_may_still_land(old: World) -> None:
    """Its definition knows no verdict for that, so RecordOutcome lets it try again."""
    late = LandsLate(
        old,
        "application-autoscaling",
        "register_scalable_target",
        200,
        "RestoreCapacity",
        stops=False,
    ).plant()
    old.offer()
    assert old.clock.run_until(lambda: late.was_asked, 4 * _HOUR)
    old.crash("RestoreCapacity", times=_FOR_EVER)

    assert old.clock.run_until(lambda: bool(old.messages()), _HOUR)

    assert late.landed == ["register_scalable_target"]
    assert old.messages() == ["NeedsOperator: vlm v2"]


@pytest.mark.parametrize("state", ["RequestApproval", "AwaitOutcome"])
def test_an_update_of_which_older_code_wrote_the_record_is_finished(
    world: World, state: str
) -> None:
    """The digest that its execution carries is that of the plan as it is read now."""
    ask(world, BEFORE_START, "RequestApproval")
    say(world, Reply.APPROVED)
    world.run_to(state)
    write_as_schema_1(world)

    assert world.run().state == "Updated"
    assert_nothing_left_behind(world)
