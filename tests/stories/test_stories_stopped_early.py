"""An execution that is stopped before its first record is announced too, and can be started again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import assert_untouched, codes
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.support.walker import Execution
    from tests.support.world import World


def stop_at_once(world: World, *, is_told: bool = True) -> Execution:
    """Stop an execution before ClaimEndpoint ran; its event is lost, if not `is_told`."""
    stopped = world.run_to("ClaimEndpoint", execution=len(world.executions))
    emit = world.stepfunctions.emit
    world.stepfunctions.emit = emit if is_told else lambda _event: None
    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.stepfunctions.emit = emit
    return stopped


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "event lost"])
def test_it_is_recorded_as_rejected_and_people_hear_of_it(world: World, *, is_told: bool) -> None:
    world.offer()
    stop_at_once(world, is_told=is_told)

    world.run()
    world.clock.advance(3600)

    assert codes(assert_untouched(world)) == ["execution.stopped"]
    assert world.messages() == ["Rejected: vlm v2"]


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "event lost"])
def test_the_same_bytes_offered_anew_start(world: World, *, is_told: bool) -> None:
    world.offer()
    stop_at_once(world, is_told=is_told)
    world.clock.advance(5)

    world.offer()
    world.run()

    newest = world.ledger.history(ENDPOINT)[0]
    assert newest.outcome is Outcome.UPDATED
    assert world.ledger.claim(ENDPOINT) is None


def test_the_same_event_again_starts_nothing(world: World) -> None:
    event = world.offer()
    stop_at_once(world)
    world.run()

    world.outlets.emit(event)
    world.clock.advance(3600)

    assert [update.outcome for update in world.ledger.history(ENDPOINT)] == [Outcome.REJECTED]


def test_the_same_bytes_of_an_update_that_was_judged_still_start_nothing(world: World) -> None:
    world.offer()
    world.run()

    world.offer()
    world.clock.advance(3600)

    assert len(world.executions) == 1


@pytest.mark.parametrize(
    "request_", [{"rollback": ENDPOINT, "reason": "rhymes"}, {"releas": 1}, []]
)
def test_one_that_was_started_by_hand_is_told_too(world: World, request_: object) -> None:
    world.stepfunctions.start_execution(
        stateMachineArn=world.stepfunctions.machine_arn,
        name="by-hand",
        input=json.dumps(request_),
    )
    world.stepfunctions.stop_execution(executionArn=world.executions[0].arn)

    world.run()

    assert world.ledger.update("by-hand").outcome is Outcome.REJECTED
    assert len(world.messages()) == 1


def test_a_recovery_that_is_stopped_at_once_is_taken_up_again(world: World) -> None:
    world.offer()
    stop_at_once(world)
    stop_at_once(world)

    world.run()

    assert codes(assert_untouched(world)) == ["execution.stopped"]
