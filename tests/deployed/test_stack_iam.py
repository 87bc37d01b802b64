"""With IAM enforced, the demo runs to its end, and each role of docs/iam may do only its own acts.

The engine judges what goes to S3, DynamoDB, Step Functions, Lambda, SNS, EventBridge, Scheduler and
CloudFormation. The twin, which answers for SageMaker and CloudWatch, judges nobody.
"""

import json
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.support.iam_acts import call, call_signed, delete, put, put_new
from tests.support.iam_roles import (
    ALLOWED,
    DENIED,
    LATER,
    OTHER,
    give_user,
    is_denied,
    make_user,
    read_document,
)

from switchover.domain.aborting import call_off
from switchover.domain.outcome import Outcome
from switchover.domain.update.approval import Gate, Reply
from switchover.domain.update.update import Update
from switchover_cli.connect import find_deployment
from switchover_cli.demo.acts import ACTS, ActRecord, play_acts
from switchover_cli.demo.stage import ENDPOINT, Stage, set_stage
from switchover_cli.deployment import Deployment
from switchover_cli.doctor.findings import diagnose
from switchover_cli.doctor.reading import Doctor
from switchover_cli.start.starting import await_pick_up, known_updates
from switchover_cli.start.vouching import vouch
from switchover_cli.steering.aborting import ask_to_stop, name_oneself
from switchover_cli.steering.answering import answer_waiting
from switchover_cli.upload.uploading import upload_release
from switchover_cli.watching.follow import look_until_over
from switchover_local.deploy import STACK_NAME, deploy
from switchover_local.stack import LocalCloud

PROJECT = Path(__file__).parents[2]
SPEED = 3600
NOT_APPROVERS = ("uploader", "operator", "owner", "auditor")
FOUR_EYES = b"""\
strategy: all-at-once
termination_wait_seconds: 5m
guard: {min_requests: 0}
approval: {required: true, four_eyes: true}
"""
ALL_OF_S3 = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
    }
)

pytestmark = pytest.mark.deployed


@pytest.fixture(name="cloud", scope="module")
def start_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTH", "true")  # MiniStack's switch for IAM
        cloud = LocalCloud.up(folder=tmp_path_factory.mktemp("cloud"))
    yield cloud
    cloud.down()


@pytest.fixture(name="deployment", scope="module")
def deploy_project(cloud: LocalCloud) -> Deployment:
    """The stack, as its account's root sees it, with what the roles may find there."""
    deploy(cloud, PROJECT)
    deployment = find_deployment(STACK_NAME, cloud.session())
    for key in (
        f"policies/{OTHER}.yaml",
        "calendars/freezes.ics",
        f"releases/{OTHER}/v1/notes.txt",
        f"releases/{ENDPOINT}/v9/notes.txt",
    ):
        put(key)(deployment)
    return deployment


@pytest.fixture(name="stage", scope="module")
def set_endpoint(
    cloud: LocalCloud, deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> Stage:
    return set_stage(cloud, deployment, tmp_path_factory.mktemp("models"))


@pytest.fixture(name="played", scope="module")
def play(cloud: LocalCloud, deployment: Deployment, stage: Stage) -> dict[str, ActRecord]:
    """The demo's acts, with the rights of one who uploads and operates."""
    person = make_user(cloud, deployment, "on-call", "uploader", "operator")
    with stage.cloud.at_speed(SPEED), stage.cloud.stepping():
        played = play_acts(replace(stage, deployment=person), Console(file=StringIO()))
    return {record.act: record for record in played}


@pytest.mark.parametrize("act", [act.name for act in ACTS])
def test_the_demo_goes_its_whole_way_with_the_rights_that_are_granted(
    played: dict[str, ActRecord], act: str
) -> None:
    assert played[act].is_true, played[act]


@pytest.fixture(name="people", scope="module")
def make_people(cloud: LocalCloud, deployment: Deployment) -> dict[str, Deployment]:
    """The stack as each role sees it."""
    return {role: make_user(cloud, deployment, role, role) for role in ALLOWED}


@pytest.mark.parametrize(
    ("role", "act"), [(role, act) for role, acts in ALLOWED.items() for act in acts]
)
def test_a_role_may(
    people: dict[str, Deployment], played: dict[str, ActRecord], role: str, act: str
) -> None:
    ALLOWED[role][act](people[role])


@pytest.mark.parametrize(
    ("role", "act"), [(role, act) for role, acts in DENIED.items() for act in acts]
)
def test_a_role_may_not(
    people: dict[str, Deployment], played: dict[str, ActRecord], role: str, act: str
) -> None:
    assert is_denied(DENIED[role][act], people[role])


def test_doctor_sees_the_whole_stack_with_an_auditors_rights(
    people: dict[str, Deployment], played: dict[str, ActRecord]
) -> None:
    doctor = Doctor(people["auditor"], within_seconds=300)

    found = diagnose(doctor.look())

    assert doctor.unseen == []
    # Nobody subscribes on a local cloud.
    assert {finding.code for finding in found} == {"topic.unheard"}


@pytest.mark.parametrize("function", ["DecideFunction", "VouchFunction"])
@pytest.mark.parametrize("role", ALLOWED)
def test_no_role_calls_past_its_url_a_function_that_must_know_its_caller(
    people: dict[str, Deployment], deployment: Deployment, role: str, function: str
) -> None:
    """A direct call writes the event itself, and so the caller's name."""
    made = deployment.session.client("cloudformation").describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId=function
    )
    name = made["StackResourceDetail"]["PhysicalResourceId"]

    assert is_denied(call("lambda", "invoke", FunctionName=name), people[role])


@dataclass(frozen=True, slots=True)
class Answered:
    """What the roles made of two releases under four eyes: one approved, one called off."""

    refused: tuple[bool, ...]
    approver: str
    approved: Update
    called_off: Update


@pytest.fixture(name="answered", scope="module")
def offer_and_answer(people: dict[str, Deployment], stage: Stage) -> Answered:
    uploader, approver = people["uploader"], people["approver"]
    operator, owner = people["operator"], people["owner"]
    owner.s3.put_object(Bucket=owner.bucket, Key=f"policies/{ENDPOINT}.yaml", Body=FOUR_EYES)

    def offer(version: str, seed: int) -> Update:
        """Upload as the uploader, and wait until people are asked."""
        known = known_updates(uploader, ENDPOINT)
        upload_release(
            stage.write_model(version, seed),
            endpoint=ENDPOINT,
            version=version,
            bucket=uploader.bucket,
            s3=uploader.s3,
            name="model",
            vouch=partial(vouch, uploader),
        )
        update_id = await_pick_up(uploader, ENDPOINT, version, known, time.sleep)
        looks = look_until_over(uploader, update_id)
        return next(each.update for each in looks if each.update.open_gate or each.update.outcome)

    def end(update: Update) -> Update:
        with stage.cloud.at_speed(SPEED):
            looks = look_until_over(approver, update.update_id)
            return deque(looks, maxlen=1).pop().update

    first = offer("v7", 7)
    words = {"update_id": first.update_id, "gate": Gate.START.value, "verdict": "approved"}
    refused = tuple(
        is_denied(call_signed("decide_url", **words), people[role]) for role in NOT_APPROVERS
    )
    answer_waiting(approver, ENDPOINT, first.update_id, Reply.APPROVED, "read it")
    approved = end(first)
    second = offer("v8", 8)
    request = call_off(second.update_id, second.started_at, name_oneself(operator), "too soon")
    ask_to_stop(operator, second, request)
    return Answered(refused, name_oneself(approver), approved, end(second))


def test_only_an_approver_decides_what_another_offered(answered: Answered) -> None:
    [given] = answered.approved.asking.given

    assert answered.refused == (True,) * len(NOT_APPROVERS)
    assert (given.by, given.verdict) == (answered.approver, Reply.APPROVED)
    assert answered.approved.outcome is Outcome.UPDATED, answered.approved.summary


def test_an_operator_calls_off_what_waits_for_approval(answered: Answered) -> None:
    assert answered.called_off.outcome is Outcome.REJECTED
    assert [reason.code for reason in answered.called_off.reasons] == ["update.aborted"]


@pytest.fixture(name="mighty", scope="module")
def make_mighty(cloud: LocalCloud, deployment: Deployment) -> Deployment:
    """Somebody whom IAM lets do everything in S3."""
    return give_user(cloud, deployment, "mighty", {"s3": ALL_OF_S3})


@pytest.mark.parametrize("act", LATER)
def test_a_model_stays_as_it_was_checked_whatever_iam_grants(
    mighty: Deployment, played: dict[str, ActRecord], act: str
) -> None:
    assert is_denied(LATER[act], mighty)


def test_a_model_is_written_where_nothing_lies(mighty: Deployment) -> None:
    put_new(f"models/{ENDPOINT}/v10/config.json")(mighty)


@pytest.fixture(name="teams", scope="module")
def guard_bucket(cloud: LocalCloud, deployment: Deployment) -> Iterator[dict[str, Deployment]]:
    """Three who may do everything in S3, once the bucket says which of them is whose."""
    iam_arn = f"arn:aws:iam::{cloud.account_id}:user/"
    teams = {
        name: give_user(cloud, deployment, name, {"s3": ALL_OF_S3})
        for name in ("team-a", "team-b", "team-owners")
    }
    ours = read_document(
        "team-bucket-policy",
        deployment,
        Uploaders=f"{iam_arn}team-a",
        Owners=f"{iam_arn}team-owners",
    )
    s3 = deployment.s3
    stacks = s3.get_bucket_policy(Bucket=deployment.bucket)["Policy"]
    statements = [*json.loads(stacks)["Statement"], *json.loads(ours)["Statement"]]
    both = json.dumps({"Version": "2012-10-17", "Statement": statements})
    s3.put_bucket_policy(Bucket=deployment.bucket, Policy=both)
    yield teams
    s3.put_bucket_policy(Bucket=deployment.bucket, Policy=stacks)


@pytest.mark.parametrize(
    ("team", "key"),
    [
        ("team-a", f"models/{ENDPOINT}/v11/config.json"),
        ("team-a", f"releases/{ENDPOINT}/v11/notes.txt"),
        ("team-b", f"models/{OTHER}/v11/config.json"),
        ("team-owners", f"policies/{ENDPOINT}.yaml"),
        ("team-owners", f"golden/{ENDPOINT}.yaml"),
        ("team-owners", "calendars/freezes.ics"),
    ],
)
def test_the_bucket_lets_a_team_write_what_is_its_own(
    teams: dict[str, Deployment], team: str, key: str
) -> None:
    assert not is_denied(put_new(key), teams[team])


@pytest.mark.parametrize("act", [put, put_new, delete])
@pytest.mark.parametrize(
    ("team", "key"),
    [
        ("team-b", f"models/{ENDPOINT}/v8/config.json"),
        ("team-a", "calendars/freezes.ics"),
        ("team-b", f"releases/{ENDPOINT}/v8/release.json"),
        ("team-owners", f"releases/{ENDPOINT}/v8/release.json"),
        ("team-a", f"policies/{ENDPOINT}.yaml"),
        ("team-b", f"golden/{ENDPOINT}.yaml"),
    ],
)
def test_the_bucket_lets_nobody_write_what_is_anothers_whatever_iam_grants(
    teams: dict[str, Deployment], act: Any, team: str, key: str
) -> None:
    assert is_denied(act(key), teams[team])
