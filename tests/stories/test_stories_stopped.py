"""Executions stopped from outside: during a rollback its cause is kept, and a confirmed version stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.stories.test_stories_abort import call_off_now
from tests.stories.test_stories_way_back import offer_what_answers_wrong
from tests.support.expectations import (
    assert_no_request_failed,
    assert_nothing_left_behind,
    codes,
)
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.support.walker import Execution
    from tests.support.world import World

_WRONG = "strategy: all-at-once\nguard: {min_requests: 0}"


def stop(world: World, execution: Execution) -> None:
    world.stepfunctions.stop_execution(executionArn=execution.arn)


# On the way back


@pytest.mark.parametrize("state", ["HasPassed", "RollBack", "IsBack", "AwaitRollback"])
def test_answers_that_turned_it_back_are_told_first_and_mark_it(world: World, state: str) -> None:
    offer_what_answers_wrong(world, _WRONG)
    stop(world, world.run_to(state))

    world.run()

    update = assert_nothing_left_behind(world)
    assert update.outcome is Outcome.ROLLED_BACK
    assert codes(update) == ["golden.failed", "execution.stopped"]
    assert "golden" in update.summary
    mark = world.wishes.mark(ENDPOINT, "v2")
    assert mark is not None
    assert mark.update_id == update.update_id


@pytest.mark.parametrize("state", ["IsHealthy", "RollBack", "AwaitRollback"])
def test_a_red_alarm_is_told_first_though_the_way_back_was_stopped(
    world: World, state: str
) -> None:
    world.put_policy("watch_seconds: 1h\nstrategy: all-at-once")
    world.offer()
    world.run_to("WatchUpdated")
    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    world.clock.run_until(lambda: world.executions[0].state == state, 3600)
    stop(world, world.executions[0])

    world.run()

    update = assert_nothing_left_behind(world)
    assert codes(update)[0] == "alarm.went-red"
    assert codes(update)[-1] == "execution.stopped"
    assert world.wishes.mark(ENDPOINT, "v2") is not None


def test_a_way_back_that_is_stopped_twice_keeps_its_cause(world: World) -> None:
    offer_what_answers_wrong(world, _WRONG)
    stop(world, world.run_to("AwaitRollback"))
    world.clock.run_until(lambda: len(world.executions) > 1, 60)
    stop(world, world.run_to("AwaitRollback", execution=1))

    world.run()

    update = assert_nothing_left_behind(world)
    assert codes(update) == ["golden.failed", "execution.stopped"]


def test_an_endpoint_that_is_gone_is_made_again_however_often_it_is_stopped(world: World) -> None:
    world.load.stop()
    world.twin.set_behaviour("*/v2/", Behaviour(unhealthy_from_instance=1))
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.offer()
    stop(world, world.run_to("AwaitDeletionBack"))
    world.clock.run_until(lambda: len(world.executions) > 1, 60)
    stop(world, world.run_to("AwaitRollback", execution=1))

    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.ROLLED_BACK


def test_a_person_who_called_it_off_is_told_before_the_stop(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to("AwaitOutcome")
    world.clock.advance(300)
    call_off_now(world)
    stop(world, world.run_to("RollBack"))

    world.run()

    update = assert_nothing_left_behind(world)
    assert codes(update) == ["update.aborted", "execution.stopped"]
    assert world.wishes.mark(ENDPOINT, "v2") is None


def test_a_version_is_marked_though_its_way_back_never_ends(world: World) -> None:
    world.crash("RollBack", times=1_000, after=True)
    offer_what_answers_wrong(world, _WRONG)

    world.run()

    assert world.update().outcome is Outcome.NEEDS_OPERATOR
    assert world.wishes.mark(ENDPOINT, "v2") is not None


def test_a_good_version_that_is_only_stopped_is_not_marked(world: World) -> None:
    world.offer()
    stop(world, world.run_to("TestModel"))

    world.run()

    assert codes(assert_nothing_left_behind(world)) == ["execution.stopped"]
    assert world.wishes.mark(ENDPOINT, "v2") is None


# Confirmed


@pytest.mark.parametrize("state", ["IsHealthy", "RestoreCapacity", "IsRestored", "RecordOutcome"])
def test_what_was_confirmed_stays_though_it_is_stopped(world: World, state: str) -> None:
    world.offer()
    stop(world, world.run_to(state))

    end = world.run()

    assert end.state == "Updated"
    update = assert_nothing_left_behind(world)
    assert update.outcome is Outcome.UPDATED
    assert codes(update) == []
    assert_no_request_failed(world)


@pytest.mark.parametrize("state", ["AwaitRestored", "RestoreCapacity"])
def test_a_confirmed_update_gets_its_raised_fleet_back_after_a_stop(
    world: World, state: str
) -> None:
    world.put_policy("strategy: rolling\ncapacity: {during: {min: 6, max: 8}}")
    world.offer()
    stop(world, world.run_to(state))

    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.UPDATED


def test_a_confirmed_update_that_is_stopped_twice_stays(world: World) -> None:
    world.offer()
    stop(world, world.run_to("RestoreCapacity"))
    world.clock.run_until(lambda: len(world.executions) > 1, 60)
    stop(world, world.run_to("RecordOutcome", execution=1))

    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.UPDATED


def test_a_confirmation_that_could_not_be_answered_is_not_taken_back(world: World) -> None:
    """A later look finds a red alarm; what was confirmed before stays."""
    world.put_policy("strategy: all-at-once")
    world.offer()
    world.run_to("RestoreCapacity")
    confirmed = world.update()
    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    stop(world, world.executions[0])

    world.run()

    assert confirmed.progress.is_confirmed
    assert world.update().outcome is Outcome.UPDATED


class _Denying:
    """Step Functions, whose tasks nobody may answer any more."""

    def __init__(self, stepfunctions: Any) -> None:
        self._stepfunctions = stepfunctions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stepfunctions, name)

    def send_task_success(self, **_asked: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "SendTaskSuccess")


def test_a_confirmation_that_nobody_may_answer_is_not_taken_back(world: World) -> None:
    world.offer()
    world.run_to("WatchUpdated")
    world.stand_ins["stepfunctions"] = _Denying(world.client("stepfunctions"))

    end = world.run()

    assert end.state == "Updated"
    assert world.update().outcome is Outcome.UPDATED
    assert world.ledger.claim(ENDPOINT) is None
