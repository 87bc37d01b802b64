"""Handlers fail and executions are stopped: the outcome is known, and nothing is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import assert_no_request_failed, assert_nothing_left_behind
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import LostResponse, ServerError, Throttling

if TYPE_CHECKING:
    from tests.support.world import World

_BEFORE_START = [
    "ClaimEndpoint", "ValidateModel", "PlanUpdate", "CreateConfig", "EnsureAlarms",
    "ProtectCapacity",
]  # fmt: skip
_FROM_START = ["StartUpdate", "ObserveUpdate", "TestModel", "RestoreCapacity", "RecordOutcome"]
_FOR_EVER = 1000
_ONCE_AND_AGAIN = 2


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("state", [*_BEFORE_START, *_FROM_START])
def test_a_passing_crash_changes_nothing(world: World, state: str, *, after: bool) -> None:
    world.crash(state, times=_ONCE_AND_AGAIN, after=after)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert_no_request_failed(world)
    assert world.lambdas.errors == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("state", _BEFORE_START)
def test_a_crash_before_the_start_is_rejected(world: World, state: str, *, after: bool) -> None:
    world.crash(state, times=4, after=after)
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    update = assert_nothing_left_behind(world)
    assert update.reasons[0].subject == f"state {state}"
    assert_no_request_failed(world)


@pytest.mark.parametrize(
    ("state", "after", "ends"),
    [
        ("StartUpdate", False, "Rejected"),
        ("StartUpdate", True, "RolledBack"),
        ("ObserveUpdate", False, "RolledBack"),
        ("ObserveUpdate", True, "RolledBack"),
        ("TestModel", False, "RolledBack"),
        ("TestModel", True, "RolledBack"),
    ],
)
def test_a_crash_from_the_start_on_is_turned_back(
    world: World, state: str, ends: str, *, after: bool
) -> None:
    world.crash(state, times=4, after=after)
    world.offer()

    end = world.run()

    assert end.state == ends
    assert_nothing_left_behind(world)
    assert_no_request_failed(world)


def test_a_rollback_that_crashes_for_good_calls_a_person(world: World) -> None:
    world.crash("TestModel", times=4)
    world.crash("RollBack", times=_FOR_EVER)
    world.offer()

    end = world.run()

    assert end.state == "NeedsOperator"
    assert world.update().outcome is Outcome.NEEDS_OPERATOR
    assert world.ledger.claim(ENDPOINT) is None
    assert world.capacity() == world.capacity_before


def test_capacity_that_can_not_be_restored_calls_a_person(world: World) -> None:
    world.crash("RestoreCapacity", times=_FOR_EVER)
    world.offer()

    end = world.run()

    assert end.state == "NeedsOperator"
    assert world.update().outcome is Outcome.NEEDS_OPERATOR
    assert world.ledger.claim(ENDPOINT) is None
    assert world.messages() == ["NeedsOperator: vlm v2"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_outcome_that_could_not_be_recorded_is_recovered(world: World, *, after: bool) -> None:
    world.crash("RecordOutcome", times=4, after=after)
    world.offer()

    world.run()

    assert world.executions[0].state == "NeedsOperator"
    update = world.update()
    assert update.outcome is not None
    assert world.ledger.claim(ENDPOINT) is None
    assert world.capacity() == world.capacity_before


def test_an_outcome_that_could_not_be_told_is_still_recorded(world: World) -> None:
    world.crash("Announce", times=_FOR_EVER)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert world.update().outcome is Outcome.UPDATED
    assert world.ledger.claim(ENDPOINT) is None


@pytest.mark.parametrize(
    "state",
    [
        "IsClaimed", "IsInPlace", "ValidateModel", "PlanUpdate", "IsPlanned",
        "CreateConfig", "IsCreated", "EnsureAlarms", "ProtectCapacity", "IsProtected", "StartUpdate",
    ],
)  # fmt: skip
def test_an_update_stopped_before_its_start_never_happened(world: World, state: str) -> None:
    world.offer()
    stopped = world.run_to(state)

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.REJECTED
    assert world.config_names() == world.traces_before["configs"]
    assert world.model_names() == world.traces_before["models"]
    assert_no_request_failed(world)


@pytest.mark.parametrize(
    "state",
    [
        "IsStarted", "AwaitOutcome", "IsUpdated", "TestModel", "HasPassed", "WatchUpdated",
    ],
)  # fmt: skip
def test_an_update_stopped_after_its_start_is_turned_back(world: World, state: str) -> None:
    world.offer()
    stopped = world.run_to(state)

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.ROLLED_BACK
    assert_no_request_failed(world)


@pytest.mark.parametrize("state", ["Announce", "WhichOutcome"])
def test_an_update_stopped_after_its_end_is_told_all_the_same(world: World, state: str) -> None:
    world.offer()
    stopped = world.run_to(state)

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.UPDATED


def test_an_execution_stopped_before_anything_leaves_nothing_but_its_record(world: World) -> None:
    world.offer()
    stopped = world.run_to("ClaimEndpoint")

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()

    assert world.update(stopped).outcome is Outcome.REJECTED
    assert world.traces() == world.traces_before


@pytest.mark.parametrize("minutes", [1, 5, 9, 12, 20])
def test_an_execution_stopped_in_mid_air_is_brought_down(world: World, minutes: int) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    stopped = world.run_to("AwaitOutcome")
    world.clock.advance(60 * minutes)

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.ROLLED_BACK
    assert_no_request_failed(world)


@pytest.mark.parametrize("state", ["RollBack", "AwaitRollback"])
def test_a_rollback_stopped_from_outside_is_taken_up_again(world: World, state: str) -> None:
    world.s3.put_object(
        Bucket=world.bucket,
        Key="golden/vlm.jsonl",
        Body=b'{"name": "say", "body": {}, "expect": {"matches": "never"}}',
    )
    world.put_policy("tests: {golden: golden/vlm.jsonl}")
    world.offer()
    stopped = world.run_to(state)

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.ROLLED_BACK


def test_a_recovery_that_is_stopped_is_recovered(world: World) -> None:
    world.offer()
    world.stepfunctions.stop_execution(executionArn=world.run_to("AwaitOutcome").arn)
    world.clock.advance(5)
    world.run_to("AwaitRollback", execution=1)
    world.stepfunctions.stop_execution(executionArn=world.executions[1].arn)

    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.ROLLED_BACK


@pytest.mark.parametrize(
    "operation", ["UpdateEndpoint", "CreateModel", "CreateEndpointConfig", "PutMetricAlarm"]
)
def test_a_lost_answer_is_not_asked_for_twice(world: World, operation: str) -> None:
    world.offer()
    world.run_to("CreateConfig")
    world.twin.inject(LostResponse(operation=operation))

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert [t.status for t in world.twin.transitions(ENDPOINT)].count("Updating") == 2


@pytest.mark.parametrize("fault", [Throttling, ServerError])
@pytest.mark.parametrize("operation", ["DescribeEndpoint", "UpdateEndpoint", "DescribeAlarms"])
def test_an_aws_that_stumbles_is_asked_again(
    world: World, fault: type[Throttling | ServerError], operation: str
) -> None:
    world.offer()
    world.run_to("StartUpdate")
    world.twin.inject(fault(operation=operation, times=2))

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)


@pytest.mark.parametrize("state", ["ProtectCapacity", "RestoreCapacity"])
def test_a_resize_whose_answer_was_lost_is_waited_for_not_asked_for_again(
    world: World, state: str
) -> None:
    """SageMaker refuses a second change while the first is under way (rules §2.1)."""
    world.put_policy("strategy: rolling\ncapacity:\n  during: {min: 6, max: 8}")
    world.crash(state, times=1, after=True)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert world.twin.peak_instances(ENDPOINT) == 6 + 1  # raised to 6, one in a batch
