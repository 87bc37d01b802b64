"""Shared parts of stories about approval: asking, answering, and reading the record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.laptop import KIM, deployment_of
from tests.support.scene import ENDPOINT

from switchover_cli.steering.answering import answer_waiting

if TYPE_CHECKING:
    from tests.support.world import World

    from switchover.domain.update.approval import Approval, Reply

BEFORE_START = "approval: {required: true}"
BEFORE_PROMOTION = "approval: {promotion: true}"


def ask(world: World, policy: str, state: str) -> None:
    """Offer v2 under a policy, and let it run until people have been asked."""
    world.put_policy(policy)
    world.offer()
    world.run_to(state)
    world.clock.advance(60)


def say(world: World, verdict: Reply, reason: str = "compared", caller: str = KIM) -> None:
    """Answer as `switchover approve` and `reject` do."""
    answer_waiting(deployment_of(world, caller), ENDPOINT, None, verdict, reason)


def answer_token(world: World, output: object) -> None:
    """Answer by the task token, as from the console."""
    token = world.update().waiting.task_token
    assert token is not None
    world.stepfunctions.send_task_success(taskToken=token, output=json.dumps(output))


def only_approval(world: World) -> Approval:
    """The recorded answer; there must be exactly one."""
    (given,) = world.update().asking.given
    return given


def questions(world: World) -> int:
    """The number of questions about the start of v2."""
    return world.messages().count("Approve? vlm v2")


def moments(world: World, state: str) -> list[str]:
    """The timeline's entries for a state."""
    return [m.text for m in world.ledger.timeline(world.update().update_id) if m.state == state]
