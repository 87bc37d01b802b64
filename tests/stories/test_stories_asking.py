"""A question may fail on its way: people are asked all the same, but not again after a no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.asking import (
    BEFORE_START,
    answer_token,
    ask,
    only_approval,
    questions,
    say,
)
from tests.support.expectations import assert_untouched, codes
from tests.support.faults.injected import Call, Tap
from tests.support.faults.kinds import Failure, Kind

from switchover.aws import clients as product_clients
from switchover.domain.update.approval import Reply

if TYPE_CHECKING:
    from tests.support.world import World


def test_a_question_that_could_not_be_asked_is_no_yes(world: World) -> None:
    world.crash("RequestApproval", times=4)
    world.put_policy(BEFORE_START)
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["approval.refused"]


@pytest.mark.parametrize(
    ("service", "operation"),
    [("dynamodb", "UpdateItem"), ("dynamodb", "PutItem"), ("sns", "Publish")],
)
def test_a_throttled_call_delays_the_question_and_people_are_asked_once(
    world: World, monkeypatch: pytest.MonkeyPatch, service: str, operation: str
) -> None:
    call = Call("RequestApproval", "RequestApprovalFunction", service, operation)
    tap = Tap(world, (Failure(call, Kind.THROTTLED, is_for_ever=False),))
    monkeypatch.setattr(product_clients, "client", tap.client)
    ask(world, BEFORE_START, "RequestApproval")

    say(world, Reply.APPROVED)
    end = world.run()

    assert tap.hits.total() == 1
    assert end.state == "Updated"
    assert questions(world) == 1
    assert only_approval(world).verdict is Reply.APPROVED


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_who_asks_may_die_and_the_newest_message_is_the_one_that_counts(
    world: World, *, after: bool
) -> None:
    """Dead after it told people, it tells them once more: the first question's token is dead."""
    world.crash("RequestApproval", times=1, after=after)
    ask(world, BEFORE_START, "RequestApproval")
    token = world.update().waiting.task_token

    answer_token(world, {"verdict": "approved"})

    assert questions(world) == 1 + after
    assert world.update().waiting.task_token == token
    assert world.run().state == "Updated"


@pytest.mark.parametrize("error", ["NotOnFriday", "States.TaskFailed"])
def test_a_task_that_a_person_fails_is_a_no_and_nobody_is_asked_again(
    world: World, error: str
) -> None:
    ask(world, BEFORE_START, "RequestApproval")
    token = world.update().waiting.task_token
    assert token is not None

    world.stepfunctions.send_task_failure(taskToken=token, error=error, cause="not on Friday")
    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["approval.refused"]
    assert only_approval(world).reason == f"{error}: not on Friday"
    assert questions(world) == 1
