"""The deployed machine copies a release from another bucket, once, and only from allowed buckets.

The engine enforces IAM here, so that the template's own policies decide.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from switchover_local.checkpoint import Sizes, write_checkpoint
from switchover_local.deploy import deploy
from switchover_local.stack import LocalCloud

PROJECT = Path(__file__).parents[2]
PATIENCE_SECONDS = 180  # some fifteen cold starts, on a machine that may have other things to do
SOURCE = "team-exports"
STRANGE = "strangers-exports"
PREFIX = "models/chat/v2/"
SMALL = Sizes(layers=1, vision_depth=1, hidden=64, intermediate=96)

pytestmark = pytest.mark.deployed


@pytest.fixture(name="cloud", scope="module")
def start_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTH", "true")  # MiniStack's switch for IAM
        cloud = LocalCloud.up(folder=tmp_path_factory.mktemp("cloud"), speed=600)
    yield cloud
    cloud.down()


@pytest.fixture(name="outputs", scope="module")
def deploy_project(cloud: LocalCloud) -> dict[str, str]:
    outputs = deploy(cloud, PROJECT, {"SourceBucketPattern": "team-*"})
    cloud.seed_endpoint("chat", f"s3://{outputs['BucketName']}/models/chat/seed/", instances=2)
    return outputs


@pytest.fixture(name="files", scope="module")
def write_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("checkpoint")
    write_checkpoint(folder, seed=1, shards=2, sizes=SMALL)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def offer(
    cloud: LocalCloud, files: dict[str, bytes], bucket: str, version: str = "v2"
) -> dict[str, object]:
    """Put the files into another bucket, and write a release of them that isn't started yet."""
    s3 = cloud.session().client("s3")
    s3.create_bucket(Bucket=bucket)
    for path, content in files.items():
        s3.put_object(Bucket=bucket, Key=f"v2/{path}", Body=content, ChecksumAlgorithm="SHA256")
    return {
        "schema": 1,
        "endpoint": "chat",
        "model": {"name": "qwen2.5-vl-small", "version": version},
        "prefix": f"models/chat/{version}/",
        "source": f"s3://{bucket}/v2/",
        "files": [
            {"path": path, "bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
            for path, raw in files.items()
        ],
    }


def run(
    cloud: LocalCloud, outputs: dict[str, str], release: dict[str, object], key: str
) -> dict[str, str]:
    """Upload release.json, wait for the execution that it starts, and describe that."""
    session = cloud.session()
    states = session.client("stepfunctions")

    def list_ended() -> set[str]:
        executions = states.list_executions(stateMachineArn=outputs["StateMachineArn"])
        return {e["executionArn"] for e in executions["executions"] if e["status"] != "RUNNING"}

    before = list_ended()
    session.client("s3").put_object(
        Bucket=outputs["BucketName"], Key=key, Body=json.dumps(release).encode()
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (ended := list_ended() - before) and time.monotonic() < deadline:
        time.sleep(0.25)
    [arn] = ended
    described: dict[str, str] = states.describe_execution(executionArn=arn)
    return described


def list_times(cloud: LocalCloud, outputs: dict[str, str]) -> dict[str, datetime]:
    s3 = cloud.session().client("s3")
    listed = s3.list_objects_v2(Bucket=outputs["BucketName"], Prefix=PREFIX)
    return {item["Key"]: item["LastModified"] for item in listed.get("Contents", [])}


@pytest.fixture(name="copied", scope="module")
def run_release(
    cloud: LocalCloud, outputs: dict[str, str], files: dict[str, bytes]
) -> dict[str, str]:
    """The execution of the first release from the allowed bucket."""
    # Nobody asks this endpoint anything, and that is not what is tried here.
    cloud.session().client("s3").put_object(
        Bucket=outputs["BucketName"],
        Key="policies/chat.yaml",
        Body=b"strategy: all-at-once\nguard: {min_requests: 0}\n",
    )
    release = offer(cloud, files, SOURCE)
    return run(cloud, outputs, release, "releases/chat/v2/release.json")


def test_a_release_of_an_allowed_bucket_is_copied_and_updated(
    cloud: LocalCloud, outputs: dict[str, str], files: dict[str, bytes], copied: dict[str, str]
) -> None:
    endpoint = cloud.state().endpoints["chat"]

    assert copied["status"] == "SUCCEEDED", copied.get("cause")
    assert endpoint.serving_config != "chat-seed"
    assert list_times(cloud, outputs).keys() == {f"{PREFIX}{path}" for path in files}


def test_what_was_copied_is_not_copied_again(
    cloud: LocalCloud, outputs: dict[str, str], files: dict[str, bytes], copied: dict[str, str]
) -> None:
    before = list_times(cloud, outputs)
    # Another override, or the same once more would ask for nothing new.
    again = {**offer(cloud, files, SOURCE), "policy": {"watch_seconds": 700}}

    end = run(cloud, outputs, again, "releases/chat/v2/release.json")

    assert copied["status"] == "SUCCEEDED"
    # It came as far as its plan: the copy was found whole.
    assert "already serves" in end["cause"]
    assert list_times(cloud, outputs) == before


def test_a_source_outside_the_pattern_is_rejected(
    cloud: LocalCloud, outputs: dict[str, str], files: dict[str, bytes]
) -> None:
    serving = cloud.state().endpoints["chat"].serving_config
    release = offer(cloud, files, STRANGE, "v3")

    end = run(cloud, outputs, release, "releases/chat/v3/release.json")

    assert end["error"] == "Rejected"
    assert f"S3 denies access to it in bucket {STRANGE}" in end["cause"]
    assert cloud.state().endpoints["chat"].serving_config == serving
