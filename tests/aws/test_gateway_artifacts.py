"""Whether a model can still be launched: its data in S3 and its image in ECR exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from tests.support.cases import case
from tests.support.samples import live_model, live_release, plan

from switchover.aws.artifacts import Artifacts
from switchover.domain.checks.endpoint import check_way_back
from switchover.domain.checks.release import check_goal
from switchover.domain.preflight import CheckState
from switchover.domain.readings import Artifact, Presence

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = "s3://models/models/chat/v1/"
OWN = "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/vlm:7"
DIGEST = f"sha256:{'a' * 64}"
GONE = Artifact(DATA, Presence.GONE, "holds nothing")


def client(service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )


@pytest.fixture
def s3() -> Iterator[Stubber]:
    with Stubber(client("s3")) as stub:
        yield stub


@pytest.fixture
def ecr() -> Iterator[Stubber]:
    with Stubber(client("ecr")) as stub:
        yield stub


def read(s3: Stubber, ecr: Stubber, *images: str, **container: Any) -> tuple[Artifact, ...]:
    live = live_release(model=live_model(**container))
    return Artifacts(s3.client, ecr.client).read(live, images)


def holds(s3: Stubber, *files: dict[str, Any]) -> None:
    answer = {"Contents": [{"Key": "models/chat/v1/a", **each} for each in files]}
    s3.add_response(
        "list_objects_v2",
        answer if files else {},
        {"Bucket": "models", "Prefix": "models/chat/v1/"},
    )


def data_of(found: tuple[Artifact, ...]) -> Artifact:
    return found[0]


def test_a_folder_with_files_is_there(s3: Stubber, ecr: Stubber) -> None:
    holds(s3, {"Size": 5})
    assert data_of(read(s3, ecr)).presence is Presence.THERE


@pytest.mark.parametrize("files", [(), ({"Size": 0},)])
def test_a_folder_without_content_is_gone(
    s3: Stubber, ecr: Stubber, files: tuple[dict[str, Any], ...]
) -> None:
    """The console's "Create folder" leaves a key of 0 bytes."""
    holds(s3, *files)
    assert data_of(read(s3, ecr)) == GONE


@pytest.mark.parametrize("storage", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_file_cannot_be_launched_from(s3: Stubber, ecr: Stubber, storage: str) -> None:
    holds(s3, {"Size": 5}, {"Size": 5, "StorageClass": storage})
    found = data_of(read(s3, ecr))
    assert (found.presence, found.why) == (Presence.GONE, "models/chat/v1/a is archived")


@pytest.mark.parametrize("storage", ["STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR"])
def test_a_file_that_is_only_cheaper_is_there(s3: Stubber, ecr: Stubber, storage: str) -> None:
    holds(s3, {"Size": 5, "StorageClass": storage})
    assert data_of(read(s3, ecr)).presence is Presence.THERE


@pytest.mark.parametrize(
    ("code", "presence"),
    [
        ("NoSuchBucket", Presence.GONE),
        ("AccessDenied", Presence.UNKNOWN),
        ("SlowDown", Presence.UNKNOWN),
    ],
)
def test_what_may_not_be_listed_is_not_judged(
    s3: Stubber, ecr: Stubber, code: str, presence: Presence
) -> None:
    s3.add_client_error("list_objects_v2", code)
    assert data_of(read(s3, ecr)).presence is presence


@pytest.mark.parametrize(("code", "presence"), [("404", Presence.GONE), ("403", Presence.UNKNOWN)])
def test_one_archive_is_looked_for_by_its_key(
    s3: Stubber, ecr: Stubber, code: str, presence: Presence
) -> None:
    s3.add_client_error("head_object", code)
    s3.add_response("list_objects_v2", {})
    archive = {"S3DataSource": {"S3Uri": "s3://models/v1/model.tar.gz", "S3DataType": "S3Object"}}
    assert data_of(read(s3, ecr, ModelDataSource=archive)).presence is presence


def test_a_folder_without_its_slash_is_a_folder(s3: Stubber, ecr: Stubber) -> None:
    s3.add_client_error("head_object", "404")
    holds(s3, {"Size": 5})
    folder = {"S3DataSource": {"S3Uri": DATA.removesuffix("/"), "S3DataType": "S3Prefix"}}
    assert data_of(read(s3, ecr, ModelDataSource=folder)).presence is Presence.THERE


def test_an_image_that_ecr_may_fetch_again_is_not_called_gone(s3: Stubber, ecr: Stubber) -> None:
    holds(s3, {"Size": 5})
    ecr.add_client_error("describe_images", "ImageNotFoundException")
    image = OWN.replace("team/vlm", "docker-hub/vllm/vllm-openai")
    found = read(s3, ecr, Image=image)[1]
    assert (found.presence, "pull through" in found.why) == (Presence.UNKNOWN, True)


@pytest.mark.parametrize(
    ("image", "asked"),
    [
        (OWN, {"imageTag": "7"}),
        (OWN.removesuffix(":7"), {"imageTag": "latest"}),
        (f"{OWN}@{DIGEST}", {"imageDigest": DIGEST}),
    ],
)
def test_an_image_of_the_account_is_looked_for(
    s3: Stubber, ecr: Stubber, image: str, asked: dict[str, str]
) -> None:
    holds(s3, {"Size": 5})
    wanted = {"registryId": "000000000000", "repositoryName": "team/vlm", "imageIds": [asked]}
    ecr.add_response("describe_images", {"imageDetails": []}, wanted)
    assert read(s3, ecr, Image=image)[1] == Artifact(image, Presence.THERE)


@pytest.mark.parametrize(
    ("code", "presence"),
    [
        ("ImageNotFoundException", Presence.GONE),
        ("RepositoryNotFoundException", Presence.GONE),
        ("AccessDeniedException", Presence.UNKNOWN),
    ],
)
def test_an_image_that_is_gone_is_told_from_one_that_may_not_be_seen(
    s3: Stubber, ecr: Stubber, code: str, presence: Presence
) -> None:
    holds(s3, {"Size": 5})
    ecr.add_client_error("describe_images", code)
    assert read(s3, ecr, Image=OWN)[1].presence is presence


def test_what_sagemaker_says_it_runs_counts_before_the_models_tag(
    s3: Stubber, ecr: Stubber
) -> None:
    """A tag may have moved on: instances are launched from the digest."""
    holds(s3, {"Size": 5})
    runs = OWN.replace(":7", f"@{DIGEST}")
    ecr.add_client_error("describe_images", "ImageNotFoundException")
    assert read(s3, ecr, runs, Image=OWN)[1].name == runs


@pytest.mark.parametrize(
    "image",
    [
        "111122223333.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.36",
        "000000000000.dkr.ecr.eu-west-1.amazonaws.com/team/vlm:7",
        "vllm",
    ],
)
def test_images_elsewhere_are_not_judged(s3: Stubber, ecr: Stubber, image: str) -> None:
    holds(s3, {"Size": 5})
    assert read(s3, ecr, Image=image)[1].presence is Presence.UNKNOWN


# Effect on rollbacks


@pytest.mark.parametrize("strategy", ["rolling", "redeploy"])
def test_a_strategy_that_launches_the_old_fleet_anew_is_refused(strategy: str) -> None:
    [reason] = check_way_back(
        case(live_artifacts=(GONE,), wishes={"strategy": strategy, "allow_downtime": True})
    ).reasons
    assert reason.code == "endpoint.artifacts-gone"
    assert DATA in reason.subject


@pytest.mark.parametrize("strategy", ["canary", "linear", "all-at-once"])
def test_a_strategy_that_keeps_the_old_fleet_is_told(strategy: str) -> None:
    check = check_way_back(case(live_artifacts=(GONE,), wishes={"strategy": strategy}))
    assert check.state is CheckState.NOTED
    assert "holds nothing" in check.evidence


def test_what_is_not_judged_is_told_and_stops_nothing() -> None:
    unknown = Artifact(DATA, Presence.UNKNOWN, "couldn't be checked: AccessDenied")
    check = check_way_back(case(live_artifacts=(unknown,)))
    assert check.state is CheckState.NOTED
    assert "AccessDenied" in check.evidence


def test_an_image_of_aws_itself_is_told_and_no_news() -> None:
    image = Artifact("djl-inference:0.36", Presence.UNKNOWN, "it isn't in this account's ECR")
    check = check_way_back(case(live_artifacts=(image,)))
    assert check.state is CheckState.PASSED
    assert "it isn't in this account's ECR" in check.evidence


def test_a_goal_without_its_data_is_no_goal() -> None:
    [reason] = check_goal(case(goal_artifacts=(GONE,), planned=plan())).reasons
    assert reason.code == "rollback.goal-gone"
    assert "holds nothing" in reason.message
