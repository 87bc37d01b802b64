"""Only checked and approved files serve: a change meanwhile ends the update, or applies to the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories.test_stories_golden import CHAT, RAW, put_golden
from tests.support.asking import BEFORE_START, answer_token, ask, say
from tests.support.expectations import assert_nothing_left_behind, assert_untouched, codes
from tests.support.laptop import KIM
from tests.support.offering import checkpoint
from tests.support.samples import amend_plan
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.naming import config_name
from switchover.domain.outcome import Outcome
from switchover.domain.update.approval import Approval, Channel, Gate, Reply
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

PREFIX = "models/vlm/v2/"
SHARD = "model-00001-of-00002.safetensors"


def put(world: World, path: str, body: bytes, **more: Any) -> None:
    """Write a file of the release, as its uploader may."""
    world.s3.put_object(Bucket=world.bucket, Key=f"{PREFIX}{path}", Body=body, **more)


def swap_a_shard(world: World) -> None:
    """Other weights of the same size."""
    put(world, SHARD, checkpoint()[SHARD][:-1] + b"!")


def swap_a_shard_that_comes_in_parts(world: World) -> None:
    """The same, with the ETag of an object that came in parts."""
    where = {"Bucket": world.bucket, "Key": f"{PREFIX}{SHARD}"}
    upload = {"UploadId": world.s3.create_multipart_upload(**where)["UploadId"]}
    part = world.s3.upload_part(
        **where, **upload, PartNumber=1, Body=checkpoint()[SHARD][:-1] + b"!"
    )
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    world.s3.complete_multipart_upload(**where, **upload, MultipartUpload=parts)


def add_code(world: World) -> None:
    """A handler of the attacker's own, which a container would load."""
    put(world, "code/inference.py", b"print('mine')")


def add_an_empty_folder(world: World) -> None:
    """What a console leaves that makes a folder."""
    put(world, "notes/", b"")


def delete_a_shard(world: World) -> None:
    """The delete marker hides it; its version stays."""
    world.s3.delete_object(Bucket=world.bucket, Key=f"{PREFIX}{SHARD}")


def delete_and_put_other_weights(world: World) -> None:
    """A deletion in between makes no difference."""
    delete_a_shard(world)
    swap_a_shard(world)


def destroy_the_checked_version(world: World) -> None:
    """An older version comes back to the top when the newest one is destroyed."""
    head = world.s3.head_object(Bucket=world.bucket, Key=f"{PREFIX}config.json")
    where = {"Bucket": world.bucket, "Key": f"{PREFIX}config.json"}
    world.s3.delete_object(**where, VersionId=head["VersionId"])


def put_the_same_without_a_checksum(world: World) -> None:
    """Equal bytes, but nothing that S3 computed proves it: an MD5 can be forged."""
    put(world, SHARD, checkpoint()[SHARD])


ATTACKS = [
    swap_a_shard,
    swap_a_shard_that_comes_in_parts,
    add_code,
    add_an_empty_folder,
    delete_a_shard,
    delete_and_put_other_weights,
    destroy_the_checked_version,
    put_the_same_without_a_checksum,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_files_that_change_while_people_are_asked_end_the_update(
    world: World, attack: Callable[[World], None]
) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    attack(world)
    say(world, Reply.APPROVED)
    world.run()

    assert codes(assert_untouched(world)) == ["model.changed-since-checked"]


@pytest.mark.parametrize("state", ["EnsureAlarms", "ProtectCapacity", "StartUpdate"])
def test_files_that_change_after_the_config_was_made_are_found_before_the_start(
    world: World, state: str
) -> None:
    world.offer()
    world.run_to(state)

    add_code(world)
    world.run()

    update = assert_nothing_left_behind(world)
    assert update.outcome is Outcome.REJECTED
    assert codes(update) == ["model.changed-since-checked"]
    assert update.planned.target.config not in world.config_names()


def test_a_refusal_names_the_files_and_the_way_on(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")
    add_code(world)
    swap_a_shard(world)
    world.s3.delete_object(Bucket=world.bucket, Key=f"{PREFIX}config.json")

    say(world, Reply.APPROVED)
    world.run()

    [reason] = world.update().reasons
    assert reason.subject == f"s3://{world.bucket}/{PREFIX}"
    assert "added: code/inference.py" in reason.message
    assert f"changed: {SHARD}" in reason.message
    assert "removed: config.json" in reason.message
    assert "another version" in reason.remedy


def test_the_same_bytes_sent_again_are_no_change_where_s3_vouches_for_them(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    put(world, SHARD, checkpoint()[SHARD], ChecksumAlgorithm="SHA256")
    say(world, Reply.APPROVED)
    end = world.run()

    assert end.state == "Updated", world.update().reasons
    assert_nothing_left_behind(world)


@pytest.mark.parametrize("state", ["ValidateModel", "RequestApproval"])
def test_a_model_that_somebody_made_under_the_target_name_does_not_serve(
    world: World, state: str
) -> None:
    """The name follows from the update's id, and that from what was offered."""
    world.put_policy(BEFORE_START)
    world.offer()
    update_id = world.run_to(state).name
    target = config_name(ENDPOINT, "v2", update_id, world.update().started_at)
    live = world.sagemaker.describe_model(ModelName=FIRST_CONFIG)
    world.sagemaker.create_model(
        ModelName=target,
        ExecutionRoleArn=live["ExecutionRoleArn"],
        PrimaryContainer=live["PrimaryContainer"],
    )
    world.run_to("RequestApproval")
    world.clock.advance(60)

    say(world, Reply.APPROVED)
    world.run()

    update = assert_nothing_left_behind(world)
    assert update.outcome is Outcome.REJECTED
    assert update.reasons[0].code == "config.name-taken"
    assert "AWS refused" not in update.summary
    assert world.serving == FIRST_CONFIG


def test_a_policy_that_loosens_while_the_update_runs_is_not_read(world: World) -> None:
    world.put_policy("approval: {required: true}\nmodel: {allow_pickle: false}")
    world.offer()
    world.run_to("ValidateModel")

    world.put_policy("approval: {required: false}")
    world.run_to("RequestApproval")
    world.clock.advance(60)

    assert world.messages() == ["Approve? vlm v2"]


def test_a_policy_written_where_none_was_does_not_concern_the_update_that_runs(
    world: World,
) -> None:
    world.offer()
    world.run_to("ValidateModel")

    world.put_policy("approval: {required: true}")
    end = world.run()

    assert end.state == "Updated"
    assert world.update().asking.given == ()


def test_a_policy_whose_pinned_version_was_destroyed_ends_the_update(world: World) -> None:
    world.put_policy("approval: {required: true}")
    key = {"Bucket": world.bucket, "Key": "policies/vlm.yaml"}
    version = world.s3.head_object(**key)["VersionId"]
    world.offer()
    world.run_to("ValidateModel")

    world.s3.delete_object(**key, VersionId=version)
    world.run()

    assert codes(assert_untouched(world)) == ["policy.version-gone"]


def test_golden_requests_that_are_weakened_while_it_moves_are_not_asked(world: World) -> None:
    strict = {**CHAT, "expect": {"matches": "STOP"}}
    put_golden(world, strict)
    world.twin.set_behaviour("*/v2/", Behaviour(reply="It says GO."))
    world.offer()
    world.run_to("AwaitOutcome")

    put_golden(world, RAW)
    world.run()

    update = assert_nothing_left_behind(world)
    assert codes(update) == ["golden.failed"]


@pytest.mark.parametrize("key", ["golden/vlm.jsonl", "golden/images/sign.png"])
def test_golden_requests_whose_pinned_version_was_destroyed_prove_nothing(
    world: World, key: str
) -> None:
    put_golden(world, RAW)
    version = world.s3.head_object(Bucket=world.bucket, Key=key)["VersionId"]
    world.offer()
    world.run_to("AwaitOutcome")

    world.s3.delete_object(Bucket=world.bucket, Key=key, VersionId=version)
    world.run_to("RequestPromotion")

    assert world.update().asking.given == ()


def rewrite_plan(world: World, **changes: Any) -> None:
    """What somebody does who may write any item of the ledger."""
    update = world.update()
    world.ledger.save(replace(update, plan=amend_plan(update.planned, **changes)))


@pytest.mark.parametrize(
    "changes",
    [
        {"deployment_config": None},
        {"files_digest": ""},
        {"golden": None},
        {"watch_seconds": 1},
        {"excluded_alarms": ("mine",)},
        {"target_config": "another-config"},
        {"target_config": FIRST_CONFIG, "target_model": FIRST_CONFIG},
    ],
    ids=" ".join,
)
def test_a_plan_that_was_rewritten_after_it_was_shown_is_not_carried_out(
    world: World, changes: dict[str, Any]
) -> None:
    put_golden(world, RAW)
    world.put_policy("{approval: {required: true}, tests: {golden: golden/vlm.jsonl}}")
    world.offer()
    world.run_to("RequestApproval")
    world.clock.advance(60)

    rewrite_plan(world, **changes)
    say(world, Reply.APPROVED)
    world.run()

    assert codes(assert_untouched(world)) == ["plan.changed"]


def test_a_rewritten_plan_removes_no_alarm_of_another_endpoint(world: World) -> None:
    theirs = "switchover/another/another-v2/latency"
    world.cloudwatch.put_metric_alarm(
        AlarmName=theirs,
        Namespace="AWS/SageMaker",
        MetricName="ModelLatency",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=2,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    ask(world, BEFORE_START, "RequestApproval")

    own = world.update().planned.alarms.specs
    rewrite_plan(world, alarms=tuple(spec.model_copy(update={"name": theirs}) for spec in own))
    say(world, Reply.APPROVED)
    world.run()

    assert codes(world.update()) == ["plan.changed"]
    assert theirs in world.alarm_names()


def test_a_plan_that_was_rewritten_before_people_are_asked_is_not_shown_to_them(
    world: World,
) -> None:
    world.put_policy(BEFORE_START)
    world.offer()
    world.run_to("RequestApproval")

    rewrite_plan(world, peak_instances=1)
    world.run()

    update = assert_untouched(world)
    assert "plan" in update.summary
    assert "Approve? vlm v2" not in world.messages()


def forge_a_yes(world: World) -> None:
    """What somebody does who may write any item of the ledger, and has a name that counts."""
    update, now = world.update(), world.clock.now()
    forged = Approval(
        gate=Gate.START, verdict=Reply.APPROVED, by=KIM, reason="", channel=Channel.IAM, at=now
    )
    world.ledger.save(replace(update, asking=replace(update.asking, given=(forged,))))


def test_a_yes_that_was_written_into_the_ledger_is_no_answer(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    forge_a_yes(world)
    world.run()

    assert codes(assert_untouched(world)) == ["approval.expired"]


def test_a_yes_that_was_written_into_the_ledger_does_not_outdo_a_no(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    forge_a_yes(world)
    answer_token(world, {"verdict": "declined"})
    world.run()

    assert codes(assert_untouched(world)) == ["approval.declined"]


def test_a_name_that_was_written_into_the_ledger_is_not_told_of_a_token_holders_yes(
    world: World,
) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    forge_a_yes(world)
    answer_token(world, {"verdict": "approved"})
    world.run()

    assert world.update().asking.given[-1].channel is Channel.CONSOLE


def test_the_approval_keeps_which_plan_was_shown(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")
    digest = world.update().planned.digest
    message = world.outlets.messages[-1]["Message"]

    say(world, Reply.APPROVED)
    world.run()

    [given] = world.update().asking.given
    assert given.plan_digest == digest
    assert f"Plan {digest[:12]}" in message
