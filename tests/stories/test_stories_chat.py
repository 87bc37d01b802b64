"""A chat channel follows an update in one thread, and a broken chat disturbs no update."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.chat import turn_on

from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.support.world import World

_BAD = Behaviour(server_error_rate=0.7)
_ASKS = "approval: {required: true}"


def _start(world: World, policy: str, behaviour: Behaviour | None = None) -> None:
    world.put_policy(policy)
    if behaviour is not None:
        world.twin.set_behaviour("*/v2/", behaviour)
    world.offer()


def _wait_at(world: World, state: str) -> str:
    """Let an update come to a state and people be told; returns its id."""
    name = world.run_to(state).name
    world.clock.advance(30)
    return name


def test_a_thread_tells_of_an_update_from_its_start_to_its_rollback(world: World) -> None:
    channel = turn_on(world)
    _start(world, "strategy: canary", _BAD)

    end = world.run()

    assert channel.titles == [
        "Started: vlm v2",
        "Baking for 10 min, 1 new instance: vlm v2",
        "Alarm red: vlm v2",
        "Back on v1: vlm v2",
        "RolledBack: vlm v2",
    ]
    assert {message["metadata"]["threadId"] for message in channel.messages} == {end.name}
    last = channel.messages[-1]["content"]
    assert last["description"].splitlines()[0] == "vlm is back on v1 (vlm-v1), not on v2."
    assert "Why: alarm 5xx: went red" in last["description"]
    assert last["nextSteps"][-1] == f"More: `switchover explain {end.name}`"


def test_a_question_and_its_answer_are_in_the_thread_without_a_link_or_token(world: World) -> None:
    channel = turn_on(world)
    world.lambdas.overrides["SWITCHOVER_LINKS_URL"] = "https://links.example/"
    _start(world, _ASKS)
    update_id = _wait_at(world, "RequestApproval")

    [question] = channel.messages

    assert question["content"]["title"] == "Waits for a person (approval): vlm v2"
    assert question["content"]["nextSteps"][0] == "Yes: `switchover approve vlm`"
    assert "secret=" in world.outlets.messages[-1]["Message"]
    assert "secret" not in channel.bodies[0]
    assert "links.example" not in channel.bodies[0]
    assert str(world.ledger.update(update_id).waiting.task_token) not in channel.bodies[0]


def test_a_chat_that_is_down_changes_no_outcome_and_is_not_tried_for_ever(world: World) -> None:
    channel = turn_on(world)
    channel.is_down = True
    _start(world, "strategy: canary", _BAD)

    end = world.run()
    world.clock.advance(600)

    assert end.state == "RolledBack"
    assert world.messages() == ["RolledBack: vlm v2"]
    letters = json.dumps(world.lambdas.dead_letters)
    assert '"Value": "RolledBack"' in letters
    tried = [payload for name, payload in world.lambdas.calls if name == "TellChatFunction"]
    assert max(tried.count(each) for each in tried) == 3
