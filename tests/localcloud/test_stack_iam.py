"""With IAM enforced, the demo goes its whole way, and each role of docs/iam may do its own acts alone.

The engine judges what goes to S3, DynamoDB, Step Functions, Lambda, SNS, EventBridge, Scheduler and
CloudFormation. The twin, which answers for SageMaker and CloudWatch, judges nobody.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.localcloud.iam_acts import delete, put
from tests.localcloud.iam_roles import (
    ALLOWED,
    DENIED,
    OTHER,
    give_user,
    is_denied,
    make_user,
    read_document,
)

from switchover_cli.demo import ACTS, ActRecord, play_acts
from switchover_cli.demo_stage import ENDPOINT, Stage, set_stage
from switchover_cli.deployment import Deployment, find_deployment
from switchover_local.deploy import STACK_NAME, deploy
from switchover_local.stack import LocalCloud

PROJECT = Path(__file__).parents[2]
SPEED = 60
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
        f"releases/{OTHER}/v1/notes.txt",
        f"releases/{ENDPOINT}/v9/notes.txt",
    ):
        put(key)(deployment)
    return deployment


@pytest.fixture(name="played", scope="module")
def play(
    cloud: LocalCloud, deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ActRecord]:
    """The demo's acts, with the rights of one who uploads and operates."""
    stage: Stage = set_stage(cloud, deployment, tmp_path_factory.mktemp("models"))
    person = make_user(cloud, deployment, "on-call", "uploader", "operator")
    played = play_acts(replace(stage, deployment=person), Console(file=StringIO()), SPEED)
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
    s3.put_bucket_policy(Bucket=deployment.bucket, Policy=ours)
    yield teams
    s3.delete_bucket_policy(Bucket=deployment.bucket)


@pytest.mark.parametrize(
    ("team", "key"),
    [
        ("team-a", f"models/{ENDPOINT}/v8/config.json"),
        ("team-a", f"releases/{ENDPOINT}/v8/notes.txt"),
        ("team-b", f"models/{OTHER}/v8/config.json"),
        ("team-owners", f"policies/{ENDPOINT}.yaml"),
        ("team-owners", f"golden/{ENDPOINT}.yaml"),
    ],
)
def test_the_bucket_lets_a_team_write_what_is_its_own(
    teams: dict[str, Deployment], team: str, key: str
) -> None:
    assert not is_denied(put(key), teams[team])


@pytest.mark.parametrize("act", [put, delete])
@pytest.mark.parametrize(
    ("team", "key"),
    [
        ("team-b", f"models/{ENDPOINT}/v8/config.json"),
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
