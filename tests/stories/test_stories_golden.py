"""The model's answers decide: to chats with images, raw payloads and streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.expectations import assert_nothing_left_behind, codes
from tests.support.scene import FIRST_CONFIG

from switchover_local.twin.scenario import Behaviour, LostResponse, ServerError, Throttling

if TYPE_CHECKING:
    from tests.support.world import World

CHAT: dict[str, Any] = {
    "name": "reads the sign",
    "chat": {"prompt": "What does it say?", "images": ["images/sign.png"]},
    "expect": {"matches": "STOP", "values": {"model": "v2"}},
}
RAW: dict[str, Any] = {"name": "raw", "body_file": "images/sign.png"}
STREAM: dict[str, Any] = {
    "name": "streamed",
    "chat": {"prompt": "What does it say?"},
    "stream": True,
    "expect": {"matches": "^It says STOP", "first_token_seconds": 60, "tokens_per_second": 0.001},
}


def put_golden(
    world: World, *requests: dict[str, Any], inconclusive: str = "hold", **tests: object
) -> None:
    """The golden file with its image, and a policy that names it."""
    lines = "\n".join(map(json.dumps, requests))
    for key, body in (("golden/vlm.jsonl", lines.encode()), ("golden/images/sign.png", b"PNG")):
        world.s3.put_object(Bucket=world.bucket, Key=key, Body=body)
    # Unguarded, so that nobody but TestModel asks them.
    policy = {
        "tests": {"golden": "golden/vlm.jsonl", **tests},
        "guard": {"min_requests": 0, "inconclusive": inconclusive},
    }
    world.put_policy(json.dumps(policy))


def test_a_chat_with_an_image_a_raw_payload_and_a_stream_let_the_update_stand(
    world: World,
) -> None:
    put_golden(world, CHAT, RAW, STREAM)
    world.twin.set_behaviour("*/v2/", Behaviour(reply="It says STOP."))
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    results = assert_nothing_left_behind(world).found.golden
    assert [(result.name, result.status, result.has_passed) for result in results] == [
        ("reads the sign", 200, True),
        ("raw", 200, True),
        ("streamed", 200, True),
    ]
    assert results[0].answer_excerpt == "It says STOP."
    assert results[2].first_token_us is not None


def test_what_was_answered_wrongly_is_kept_with_the_update(world: World) -> None:
    put_golden(world, CHAT, RAW)
    world.twin.set_behaviour("*/v2/", Behaviour(reply="I see a cat."))
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["golden.failed"]
    assert [result.has_passed for result in update.found.golden] == [False, True]
    assert update.found.golden[0].answer_excerpt == "I see a cat."
    assert "does not match 'STOP'" in update.found.golden[0].faults[0]
    assert world.serving == FIRST_CONFIG


def test_an_image_that_is_not_there_is_told_before_anything_is_touched(world: World) -> None:
    put_golden(world, CHAT)
    world.s3.delete_object(Bucket=world.bucket, Key="golden/images/sign.png")
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert codes(world.update()) == ["golden.file-missing"]
    assert world.serving == FIRST_CONFIG


def test_an_answer_that_is_lost_once_turns_nothing_back_and_is_told(world: World) -> None:
    put_golden(world, CHAT, warm_up=0)
    world.twin.set_behaviour("*/v2/", Behaviour(reply="It says STOP."))
    world.twin.inject(LostResponse(operation="InvokeEndpoint"))
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert world.update().found.golden[0].tries == 2


# Patterns that would take for ever


def test_a_pattern_that_backtracks_without_end_is_judged_like_any_other(world: World) -> None:
    put_golden(world, {**CHAT, "expect": {"matches": "(a+)+$"}})
    world.twin.set_behaviour("*/v2/", Behaviour(reply=f"{'a' * 50_000}!"))
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    assert codes(assert_nothing_left_behind(world)) == ["golden.failed"]


def test_a_pattern_that_could_not_be_bounded_is_refused_before_anything_is_touched(
    world: World,
) -> None:
    put_golden(world, {**CHAT, "expect": {"schema": {"pattern": r"^(\w+)\s\1$"}}})
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    (reason,) = world.update().reasons
    assert reason.code == "golden.invalid"
    assert "backreferences are not supported" in reason.message
    assert world.serving == FIRST_CONFIG


# What couldn't be measured


def test_whoever_cannot_ask_knows_nothing_and_a_person_decides(world: World) -> None:
    put_golden(world, CHAT, warm_up=0)
    world.twin.inject(Throttling(operation="InvokeEndpoint", times=2))
    world.offer()

    world.run_to("RequestPromotion")

    told = json.dumps(world.executions[0].variables["ending"])
    assert "golden.unmeasured" in told
    assert "ThrottlingException" in told
    assert [result.status for result in world.update().found.golden] == [0]


def test_whoever_cannot_ask_turns_back_if_the_policy_says_so(world: World) -> None:
    put_golden(world, CHAT, warm_up=0, inconclusive="roll-back")
    world.twin.inject(Throttling(operation="InvokeEndpoint", times=2))
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    assert codes(assert_nothing_left_behind(world)) == ["golden.unmeasured"]


def test_golden_requests_that_are_deleted_meanwhile_are_asked_as_they_were_planned(
    world: World,
) -> None:
    put_golden(world, CHAT)
    world.twin.set_behaviour("*/v2/", Behaviour(reply="It says STOP."))
    world.offer()
    world.run_to("AwaitOutcome")
    world.s3.delete_object(Bucket=world.bucket, Key="golden/vlm.jsonl")

    end = world.run()

    assert end.state == "Updated"
    assert len(assert_nothing_left_behind(world).found.golden) == 1


def test_an_endpoint_that_fails_everybody_is_turned_back(world: World) -> None:
    put_golden(world, CHAT, warm_up=0)
    world.twin.inject(ServerError(operation="InvokeEndpoint", times=2))
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    assert codes(assert_nothing_left_behind(world)) == ["golden.failed"]


def test_a_throttled_request_does_not_pass_for_the_refusal_that_was_expected(
    world: World,
) -> None:
    """SageMaker throttles with 400, which this request expects of the container."""
    put_golden(world, {**RAW, "expect": {"status": 400}}, warm_up=0)
    world.twin.inject(Throttling(operation="InvokeEndpoint", times=2))
    world.offer()

    world.run_to("RequestPromotion")

    assert not world.update().found.golden[0].has_passed
