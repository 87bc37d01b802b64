"""The project's own template runs on the local cloud, with its real layer and handlers."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from switchover_local.deploy import deploy
from switchover_local.stack import LocalCloud

PROJECT = Path(__file__).parents[2]
PATIENCE_SECONDS = 180  # a dozen cold starts, on a machine that may have other things to do

pytestmark = pytest.mark.deployed


@pytest.fixture(name="cloud", scope="module")
def start_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    cloud = LocalCloud.up(folder=tmp_path_factory.mktemp("cloud"))
    yield cloud
    cloud.down()


@pytest.fixture(name="outputs", scope="module")
def deploy_project(cloud: LocalCloud) -> dict[str, str]:
    return deploy(cloud, PROJECT, {"PollIntervalSeconds": "5"})


def test_the_poll_interval_of_the_deployed_machine_is_a_number(
    cloud: LocalCloud, outputs: dict[str, str]
) -> None:
    described = (
        cloud.session()
        .client("stepfunctions")
        .describe_state_machine(stateMachineArn=outputs["StateMachineArn"])
    )

    assert json.loads(described["definition"])["States"]["AwaitOutcome"]["TimeoutSeconds"] == 5


def test_an_uploaded_release_for_no_endpoint_ends_rejected(
    cloud: LocalCloud, outputs: dict[str, str]
) -> None:
    session = cloud.session()
    states = session.client("stepfunctions")
    release = {
        "schema": 1,
        "endpoint": "nowhere",
        "model": {"name": "qwen2.5-vl", "version": "v2"},
        "prefix": "models/qwen/v2/",
        "files": [{"path": "config.json", "bytes": 2, "sha256": "0" * 64}],
    }

    session.client("s3").put_object(
        Bucket=outputs["BucketName"],
        Key="releases/nowhere/v2/release.json",
        Body=json.dumps(release),
    )

    def list_ended() -> list[str]:
        listed = states.list_executions(
            stateMachineArn=outputs["StateMachineArn"], statusFilter="FAILED"
        )
        return [execution["executionArn"] for execution in listed["executions"]]

    deadline = time.monotonic() + PATIENCE_SECONDS
    while not list_ended() and time.monotonic() < deadline:
        time.sleep(0.5)
    [ended] = list_ended()
    assert states.describe_execution(executionArn=ended)["error"] == "Rejected"


def told_by(cloud: LocalCloud, function: str) -> list[str]:
    """The verdict of each run of a function, as its log has them."""
    logs = cloud.session().client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    [name] = [group for group in groups if group.endswith(f"-{function}")]
    lines = [event["message"] for event in logs.filter_log_events(logGroupName=name)["events"]]
    return [json.loads(line)["verdict"] for line in lines if '"decided"' in line]


def test_an_alarm_of_any_name_invokes_when_it_goes_red_and_only_then(
    cloud: LocalCloud, outputs: dict[str, str]
) -> None:
    cloudwatch = cloud.session().client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="refunds",
        Namespace="Shop",
        MetricName="Refunds",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )

    for state in ("OK", "ALARM"):
        cloudwatch.set_alarm_state(AlarmName="refunds", StateValue=state, StateReason="by hand")

    deadline = time.monotonic() + PATIENCE_SECONDS
    while not told_by(cloud, "WakeUpdate") and time.monotonic() < deadline:
        time.sleep(0.5)
    assert told_by(cloud, "WakeUpdate") == ["nobody_waits"]
