"""Four eyes: neither the person who offered or started an update nor an unknown caller can approve it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.asking import answer_token, ask, moments, only_approval, say
from tests.support.expectations import assert_untouched, codes
from tests.support.laptop import ANA, KIM, deployment_of, send_json
from tests.support.offering import checkpoint, describe_release, release_text
from tests.support.scene import ENDPOINT

from switchover.domain.update.approval import Channel, Gate, Reply
from switchover_cli.errors import Refused
from switchover_cli.start.starting import release_request, release_uri, start_update
from switchover_cli.start.vouching import vouch

if TYPE_CHECKING:
    from tests.support.world import World

_POLICY = "approval: {required: true, four_eyes: true}"


def offer_as(world: World, caller: str, policy: str = _POLICY) -> None:
    """Upload v2 as `switchover upload` does, and let it run until people have been asked."""
    content = release_text(describe_release("v2", checkpoint(), ENDPOINT))
    raw = content if isinstance(content, bytes) else content.encode()
    vouch(deployment_of(world, caller), hashlib.sha256(raw).hexdigest())
    ask(world, policy, "RequestApproval")


def approve_raw(world: World, caller: str | None, **changes: Any) -> dict[str, Any]:
    """Post an answer to DecideFunction as anybody might."""
    body = {"update_id": world.update().update_id, "gate": "approval", "verdict": "approved"}
    return send_json(world, "DecideFunction", body, caller, **changes)


def test_another_person_approves_and_both_are_told(world: World) -> None:
    offer_as(world, ANA)

    say(world, Reply.APPROVED, caller=KIM)
    end = world.run()

    assert end.state == "Updated"
    assert (only_approval(world).by, only_approval(world).channel) == (KIM, Channel.IAM)
    assert "Offered by: assumed-role/Ops/ana (AWS identity" in world.outlets.messages[0]["Message"]


@pytest.mark.parametrize(
    "caller", [ANA, ANA.replace("Ops", "Admin"), "arn:aws:iam::000000000000:user/Ana"]
)
def test_whoever_offered_it_is_refused_and_the_question_stays_open(
    world: World, caller: str
) -> None:
    offer_as(world, ANA)

    with pytest.raises(Refused) as refused:
        say(world, Reply.APPROVED, caller=caller)

    assert [each.code for each in refused.value.reasons] == ["approval.four-eyes"]
    assert world.update().open_gate is Gate.START
    say(world, Reply.APPROVED, caller=KIM)
    assert world.run().state == "Updated"


def test_whoever_offered_it_may_say_no(world: World) -> None:
    offer_as(world, ANA)

    say(world, Reply.DECLINED, "found a fault", caller=ANA)

    assert world.run().state == "Rejected"


@pytest.mark.parametrize(
    "claims",
    [{}, {"by": KIM, "channel": "iam"}, {"by": KIM, "channel": "cli"}, {"decision": "0" * 64}],
)
def test_a_yes_by_the_task_token_is_void(world: World, claims: dict[str, str]) -> None:
    offer_as(world, ANA)

    answer_token(world, {"verdict": "approved", **claims})
    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["approval.four-eyes"]
    assert only_approval(world).verdict is Reply.VOID
    assert moments(world, "RecordApproval")[0].startswith("The approval by somebody who answered")


def test_there_are_no_links_to_answer_by(world: World) -> None:
    world.lambdas.overrides["SWITCHOVER_LINKS_URL"] = "https://abc.lambda-url.us-east-1.on.aws/"

    offer_as(world, ANA)

    assert "https://" not in world.outlets.messages[-1]["Message"]
    assert world.update().asking.link is None


def test_an_update_that_nobody_vouched_for_is_rejected_before_people_are_asked(
    world: World,
) -> None:
    world.put_policy(_POLICY)
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["approval.starter-unknown"]
    assert "Approve? vlm v2" not in world.messages()


def test_without_four_eyes_nobody_needs_to_vouch(world: World) -> None:
    ask(world, "approval: {required: true}", "RequestApproval")

    say(world, Reply.APPROVED)

    assert world.run().state == "Updated"
    assert "not known: no offerer is recorded" in world.outlets.messages[0]["Message"]


def test_whoever_starts_by_hand_what_another_offered_cannot_approve_it(world: World) -> None:
    world.put_policy(_POLICY)
    world.offer(is_told=False)
    uri = release_uri(world.bucket, ENDPOINT, "v2")
    raw = world.s3.get_object(Bucket=world.bucket, Key=uri.split("/", 3)[3])["Body"].read()
    vouch(deployment_of(world, ANA), hashlib.sha256(raw).hexdigest())

    start_update(deployment_of(world, KIM), release_request(uri, {}, ""), "salt")
    world.run_to("RequestApproval")
    world.clock.advance(60)

    assert world.update().offered_by == (KIM, ANA)
    with pytest.raises(Refused):
        say(world, Reply.APPROVED, caller=KIM)


def test_a_start_by_hand_that_nobody_vouched_for_is_rejected(world: World) -> None:
    """Of whoever calls StartExecution itself nothing is known, whatever the input says."""
    world.put_policy(_POLICY)
    event = world.offer(is_told=False)
    uri = release_uri(world.bucket, ENDPOINT, "v2")
    raw = world.s3.get_object(Bucket=world.bucket, Key=uri.split("/", 3)[3])["Body"].read()
    vouch(deployment_of(world, ANA), hashlib.sha256(raw).hexdigest())

    world.start(
        "by-hand",
        release=uri,
        object_version=event["detail"]["object"].get("version-id"),
        offered_at="2026-03-02T09:00:00Z",
    )
    world.run()

    assert codes(world.update()) == ["approval.starter-unknown"]


def test_a_rollback_needs_nobody_else(world: World) -> None:
    """The way out of a bad version is never held up."""
    world.offer()
    world.run()
    world.put_policy(_POLICY)

    end = world.start("back", rollback=ENDPOINT)
    world.run()

    assert end.state == "Updated"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"caller": None}, 401),
        ({"caller": ""}, 401),
        ({"headers": {}}, 415),
        ({"headers": {"content-type": "text/plain"}}, 415),
        ({"body": "x" * 9_000}, 413),
        ({"body": "{"}, 400),
        ({"body": ""}, 400),
        ({"body": "%%%", "isBase64Encoded": True}, 400),
        ({"body": json.dumps({"verdict": "approved"})}, 400),
        ({"body": json.dumps({"update_id": "x", "gate": "approval", "verdict": "void"})}, 400),
        (
            {
                "body": json.dumps(
                    {"update_id": "x", "gate": "approval", "verdict": "approved", "by": KIM}
                )
            },
            400,
        ),
        ({"body": json.dumps({"update_id": "x", "gate": "approval", "verdict": "approved"})}, 409),
    ],
)
def test_what_is_no_answer_of_a_known_caller_is_not_taken(
    world: World, changes: dict[str, Any], status: int
) -> None:
    offer_as(world, ANA)

    answered = approve_raw(world, changes.pop("caller", KIM), **changes)

    assert answered["statusCode"] == status
    assert world.update().open_gate is Gate.START


def test_a_no_by_command_must_say_why(world: World) -> None:
    offer_as(world, ANA)

    with pytest.raises(Refused) as refused:
        say(world, Reply.DECLINED, "\u200b ")

    assert [each.code for each in refused.value.reasons] == ["approval.reason-missing"]


@pytest.mark.parametrize(
    ("body", "caller", "status"),
    [
        ({"subject": "a" * 64}, KIM, 200),
        ({"subject": "a" * 64}, None, 401),
        ({"subject": "a" * 81}, KIM, 400),
        ({"subject": "decision#x"}, KIM, 400),
        ({"subject": "a\n"}, KIM, 400),
        ({"subject": ""}, KIM, 400),
        ({"subject": "a" * 64, "arn": ANA}, KIM, 400),
    ],
)
def test_callers_vouch_for_themselves_alone(
    world: World, body: dict[str, str], caller: str | None, status: int
) -> None:
    answered = send_json(world, "VouchFunction", body, caller)

    assert answered["statusCode"] == status
    assert json.loads(answered["body"]).get("by") == (KIM if status == 200 else None)
