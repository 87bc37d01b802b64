"""Every trigger of an update, with only the plain aws CLI, on the deployed stack."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.offering import checkpoint, describe_release, release_text, upload

from switchover.aws.ledger import Ledger
from switchover.aws.queue import Queue
from switchover.domain.outcome import Outcome
from switchover_local.deploy import deploy
from switchover_local.stack import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from switchover.domain.update.update import Update

PROJECT = Path(__file__).parents[2]
AWS = Path(sys.executable).parent / "aws"
PATIENCE_SECONDS = 240  # a dozen cold starts, on a machine that may have other things to do
ENDPOINT = "vlm"
STARTS = 4  # each has a process of every function started for it; a hundred race on the walker

pytestmark = pytest.mark.deployed


class Deployed:
    """The stack on a cloud whose clock begins with the real one, and keeps its pace at first."""

    def __init__(self, cloud: LocalCloud, folder: Path) -> None:
        self.cloud = cloud
        self.folder = folder
        self.outputs = deploy(cloud, PROJECT)
        dynamodb = cloud.session().client("dynamodb")
        self.ledger = Ledger(dynamodb, self.outputs["TableName"])
        self.queue = Queue(dynamodb, self.outputs["TableName"])
        self.s3 = cloud.session().client("s3")
        self.states = cloud.session().client("stepfunctions")

    @property
    def bucket(self) -> str:
        return self.outputs["BucketName"]

    def aws(self, *arguments: str) -> None:
        environment = {**self.cloud.environment(), "PATH": str(AWS.parent), "AWS_PAGER": ""}
        subprocess.run(  # noqa: S603 - the plain CLI on the local cloud
            [AWS, *arguments], check=True, env=environment, timeout=60, capture_output=True
        )

    def write_release(self, version: str, endpoint: str = ENDPOINT, **changes: object) -> Path:
        release = describe_release(version, checkpoint(), endpoint, **changes)
        file = self.folder / f"{endpoint}-{version}.json"
        file.write_bytes(release_text(release))
        return file

    def upload_model(self, version: str) -> None:
        upload(self.s3, self.bucket, f"models/{ENDPOINT}/{version}/", checkpoint())

    def await_outcome(
        self, endpoint: str, version: str, is_meant: Callable[[Outcome], bool]
    ) -> Update:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            for update in self.ledger.history(endpoint):
                if update.version == version and update.outcome and is_meant(update.outcome):
                    return update
            time.sleep(0.5)
        raise AssertionError([(u.version, u.outcome) for u in self.ledger.history(endpoint)])

    def serve_v1(self) -> None:
        self.s3.put_object(
            Bucket=self.bucket, Key=f"policies/{ENDPOINT}.yaml", Body=b"strategy: all-at-once"
        )
        self.cloud.seed_endpoint(ENDPOINT, f"s3://{self.bucket}/models/{ENDPOINT}/v1/")
        # Nobody vouches for a version that nobody asks: a person would be asked to confirm it.
        self.cloud.start_traffic(ENDPOINT, requests_per_second=1)

    def await_outcomes(
        self, version: str, is_so: Callable[[Counter[Outcome | None]], bool]
    ) -> Counter[Outcome | None]:
        """How all updates to a version stand, once they stand so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            updates = self.ledger.history(ENDPOINT, 500)
            found = Counter(update.outcome for update in updates if update.version == version)
            if is_so(found) or time.monotonic() > deadline:
                assert is_so(found), found
                return found
            time.sleep(1)

    def told_by(self, function: str) -> list[str]:
        """The verdict of each run of a function, as the functions' log has them."""
        logs = self.cloud.session().client("logs")
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        [name] = [group for group in groups if "FunctionLogs" in group]
        lines = [event["message"] for event in logs.filter_log_events(logGroupName=name)["events"]]
        told = [json.loads(line) for line in lines if '"decided"' in line]
        return [line["verdict"] for line in told if line["state"] == function]

    def hear_no_arrivals(self) -> None:
        """Let uploads start nothing from now on."""
        events = self.cloud.session().client("events")
        (rule,) = [
            rule["Name"]
            for rule in events.list_rules()["Rules"]
            if "Object Created" in rule.get("EventPattern", "")
        ]
        events.disable_rule(Name=rule)

    def names(self) -> list[str]:
        listed = self.states.get_paginator("list_executions")
        pages = listed.paginate(stateMachineArn=self.outputs["StateMachineArn"])
        return [execution["name"] for page in pages for execution in page["executions"]]


def is_last(outcome: Outcome) -> bool:
    return outcome is not Outcome.QUEUED


@pytest.fixture(name="deployed", scope="module")
def deploy_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("triggers")
    cloud = LocalCloud.up(speed=1, folder=folder / "cloud")
    yield Deployed(cloud, folder)
    cloud.down()


def test_the_poll_interval_of_the_deployed_machine_is_a_number(deployed: Deployed) -> None:
    machine = deployed.states.describe_state_machine(
        stateMachineArn=deployed.outputs["StateMachineArn"]
    )

    assert json.loads(machine["definition"])["States"]["AwaitOutcome"]["TimeoutSeconds"] == 300


def test_an_alarm_of_any_name_invokes_when_it_goes_red_and_only_then(deployed: Deployed) -> None:
    cloudwatch = deployed.cloud.session().client("cloudwatch")
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
    while not deployed.told_by("wake_update") and time.monotonic() < deadline:
        time.sleep(0.5)
    assert deployed.told_by("wake_update") == ["nobody_waits"]


def test_a_schedule_starts_what_asked_for_a_time(deployed: Deployed) -> None:
    """The endpoint doesn't exist: what counts is that a second execution gets to say so."""
    wished = deployed.cloud.state().now + timedelta(seconds=20)
    file = deployed.write_release("v2", "nowhere", start=wished.isoformat())

    deployed.aws("s3", "cp", str(file), f"s3://{deployed.bucket}/releases/nowhere/v2/release.json")

    waits = deployed.await_outcome("nowhere", "v2", lambda outcome: outcome is Outcome.QUEUED)
    assert [reason.code for reason in waits.reasons] == ["start.later"]
    ended = deployed.await_outcome("nowhere", "v2", is_last)
    assert ended.outcome is Outcome.REJECTED
    assert ended.update_id == waits.update_id
    assert ended.ended_at is not None
    assert ended.ended_at >= wished
    assert len(deployed.names()) == 2
    assert deployed.queue.entries("nowhere") == ()


def test_s3_cp_starts_an_update(deployed: Deployed) -> None:
    deployed.serve_v1()
    deployed.cloud.set_speed(300)
    deployed.upload_model("v2")
    uri = f"s3://{deployed.bucket}/releases/{ENDPOINT}/v2/release.json"

    deployed.aws("s3", "cp", str(deployed.write_release("v2")), uri)

    assert deployed.await_outcome(ENDPOINT, "v2", is_last).outcome is Outcome.UPDATED


def test_of_many_starts_by_hand_one_runs_and_none_is_lost(deployed: Deployed) -> None:
    """At the speed of real time the first one's update outlasts all the others' starts."""
    deployed.serve_v1()
    deployed.cloud.set_speed(1)
    deployed.upload_model("v3")
    deployed.hear_no_arrivals()  # else the upload would start an update of its own
    key = f"releases/{ENDPOINT}/v3/release.json"
    deployed.s3.put_object(
        Bucket=deployed.bucket, Key=key, Body=deployed.write_release("v3").read_bytes()
    )
    asked = json.dumps({"release": f"s3://{deployed.bucket}/{key}"})
    machine = deployed.outputs["StateMachineArn"]

    def start(number: int) -> None:
        deployed.states.start_execution(
            stateMachineArn=machine, name=f"race-{number:03}", input=asked
        )

    deployed.aws(
        "stepfunctions", "start-execution", "--name", "race-cli", "--input", asked,
        "--state-machine-arn", machine,
    )  # fmt: skip
    with ThreadPoolExecutor(STARTS) as pool:
        list(pool.map(start, range(STARTS)))

    # All have decided: one runs, and the others ask for nothing new.
    deployed.await_outcomes("v3", lambda ended: ended[Outcome.SUPERSEDED] >= STARTS - 1)
    deployed.cloud.set_speed(300)
    found = deployed.await_outcomes("v3", lambda ended: not ended[None] + ended[Outcome.QUEUED])
    assert found[Outcome.UPDATED] == 1
    assert found[Outcome.SUPERSEDED] == STARTS
    assert deployed.ledger.claim(ENDPOINT) is None
    assert deployed.queue.entries(ENDPOINT) == ()
