"""A chat channel follows an update in one thread, and a broken chat disturbs no update."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.chat import press, turn_on
from tests.support.laptop import ANA, deployment_of
from tests.support.offering import checkpoint, describe_release, release_text
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome
from switchover.domain.update.approval import Channel
from switchover_cli.start.vouching import vouch
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.support.chat import Channel as ChatChannel
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


def _contexts(channel: ChatChannel) -> list[dict[str, Any]]:
    return [message["metadata"]["additionalContext"] for message in channel.messages]


@pytest.fixture
def asking(world: World) -> tuple[World, ChatChannel, str]:
    """An update that waits for an approval, in a channel with buttons that requires user roles."""
    channel = turn_on(world, buttons=True, user_roles=True)
    _start(world, _ASKS)
    return world, channel, _wait_at(world, "RequestApproval")


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


def test_a_button_aborts_a_running_update_once_and_names_the_channel(world: World) -> None:
    channel = turn_on(world, buttons=True)
    _start(world, "strategy: canary")
    update_id = _wait_at(world, "AwaitOutcome")

    first, second = press(world, "abort", update_id), press(world, "abort", update_id)
    end = world.run()

    assert _contexts(channel)[0]["abort"] == "yes"
    assert (first["verdict"], second["verdict"]) == ("done", "told")
    assert end.state == "RolledBack"
    abort = world.update().abort
    assert abort is not None
    assert abort.by == "chat channel"
    assert "Abort requested: vlm v2" in channel.titles


def test_a_button_rolls_back_the_newest_update_once(world: World) -> None:
    channel = turn_on(world, buttons=True)
    _start(world, "strategy: all-at-once")
    update_id = world.run().name

    first, second = press(world, "rollback", update_id), press(world, "rollback", update_id)
    world.run()

    offers = dict(zip(channel.titles, _contexts(channel), strict=True))
    assert offers["Updated: vlm v2"]["rollback"] == "yes"
    assert first == second
    assert [execution.state for execution in world.executions] == ["Updated", "Updated"]
    assert world.serving == "vlm-v1"


def test_a_button_under_an_older_update_does_nothing(world: World) -> None:
    turn_on(world, buttons=True)
    _start(world, "strategy: all-at-once")
    older = world.run().name
    world.offer("v3")
    world.run()
    serving = world.serving

    answers = [press(world, do, older) for do in ("rollback", "abort", "approve")]

    assert {answer["verdict"] for answer in answers} == {"refused"}
    assert world.run().name != older
    assert world.serving == serving


def test_a_button_approves_where_user_roles_are_required(
    asking: tuple[World, ChatChannel, str],
) -> None:
    world, channel, update_id = asking

    answer = press(world, "approve", update_id)
    world.run()

    update = world.update()
    assert _contexts(channel)[0]["approve"] == "yes"
    assert answer["answer"] == "vlm: v2 is approved by chat channel (approval)."
    assert update.outcome is Outcome.UPDATED
    assert [given.channel for given in update.asking.given] == [Channel.CHAT]


def test_a_question_is_explained_and_not_answered_by_the_button_of_another_one(
    asking: tuple[World, ChatChannel, str],
) -> None:
    world, _, update_id = asking

    explained, promoted = press(world, "explain", update_id), press(world, "promote", update_id)

    assert explained["answer"].startswith("vlm wants to move to v2 by rolling: about")
    assert promoted["verdict"] == "refused"
    assert world.ledger.update(update_id).open_gate == "approval"


@pytest.mark.parametrize(
    ("policy", "user_roles", "why"),
    [
        (_ASKS, False, "requires user roles"),
        ("approval: {required: true, four_eyes: true}", True, "four eyes need"),
    ],
    ids=["no user roles", "four eyes"],
)
def test_a_button_approves_nothing_where_nobody_knows_who_pressed(
    world: World, policy: str, *, user_roles: bool, why: str
) -> None:
    channel = turn_on(world, buttons=True, user_roles=user_roles)
    content = release_text(describe_release("v2", checkpoint(), ENDPOINT))
    vouch(deployment_of(world, ANA), hashlib.sha256(content).hexdigest())
    _start(world, policy)
    update_id = _wait_at(world, "RequestApproval")

    answer = press(world, "approve", update_id)

    assert answer["verdict"] == "refused"
    assert why in answer["answer"]
    assert "approve" not in _contexts(channel)[0]
    assert world.ledger.update(update_id).open_gate == "approval"
