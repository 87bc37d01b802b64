"""Deployed: an execution is stopped during a second UpdateEndpoint; the announced outcome stays true.

Step Functions stops no function, so that the SDK's next try may move the endpoint after the execution is
over. Each round stops at another moment of those tries.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from tests.support.offering import checkpoint, describe_release, release_text, upload
from tests.support.season_cases import behave

from switchover.aws.ledger import Ledger
from switchover.domain.asking import LANDING_SECONDS
from switchover.domain.outcome import Outcome
from switchover.domain.plans.alarms import Scope
from switchover_local.deploy import deploy
from switchover_local.stack import LocalCloud
from switchover_local.twin.scenario import Scenario, Throttling, Timings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from switchover.domain.update.update import Update

pytestmark = pytest.mark.deployed

# Slow enough that the SDK's pauses, which are real ones, fit into the time in which a request may land.
_SPEED = 20
_ROUNDS = 10
_THROTTLES = 3
_PATIENCE_SECONDS = 240
_ENDPOINT = "late"


class Stage:
    """The deployed stack with one endpoint."""

    def __init__(self, cloud: LocalCloud, project: Path) -> None:
        self.cloud = cloud
        self.outputs = deploy(cloud, project, {"PollIntervalSeconds": "5"})
        session = cloud.session()
        self.s3 = session.client("s3")
        self.stepfunctions = session.client("stepfunctions")
        self.cloudwatch = session.client("cloudwatch")
        self.ledger = Ledger(session.client("dynamodb"), self.outputs["TableName"])
        bucket = self.outputs["BucketName"]
        cloud.seed_endpoint(_ENDPOINT, f"s3://{bucket}/models/{_ENDPOINT}/v1/", instances=2)
        policy = json.dumps({"strategy": "all-at-once"}).encode()
        self.s3.put_object(Bucket=bucket, Key=f"policies/{_ENDPOINT}.yaml", Body=policy)

    def offer(self, version: str) -> None:
        files, bucket = dict(checkpoint()), self.outputs["BucketName"]
        release = describe_release(version, files, _ENDPOINT)
        upload(self.s3, bucket, release["prefix"], files)
        key = f"releases/{_ENDPOINT}/{version}/release.json"
        self.s3.put_object(Bucket=bucket, Key=key, Body=release_text(release))

    def wait_for(self, version: str, is_so: Callable[[Update], bool]) -> Update:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        found: list[Update] = []
        while time.monotonic() < deadline:
            history = self.ledger.history(_ENDPOINT)
            found = [update for update in history if update.version == version]
            if found and is_so(found[0]):
                return found[0]
            time.sleep(0.1)
        raise AssertionError([(one.outcome, one.progress.last_seen) for one in found])

    def alarms(self) -> set[str]:
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate()
        return {alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]}


@pytest.fixture(name="stage", scope="module")
def set_stage(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Stage]:
    world = Scenario(timings=Timings(provision_seconds=60), models=(behave("*"),))
    cloud = LocalCloud.up(speed=_SPEED, scenario=world, folder=tmp_path_factory.mktemp("late"))
    try:
        yield Stage(cloud, pytestconfig.rootpath)
    finally:
        cloud.down()


@pytest.mark.parametrize("number", range(_ROUNDS))
def test_what_is_told_stays_true_though_the_sdk_asks_again(stage: Stage, number: int) -> None:
    version = f"v{number + 2}"
    stage.cloud.inject(Throttling(operation="UpdateEndpoint", times=_THROTTLES))
    stage.offer(version)
    started = stage.wait_for(version, lambda update: update.progress.is_started)
    time.sleep(number * 0.4)
    stage.stepfunctions.stop_execution(executionArn=started.execution_arn)

    told = stage.wait_for(version, lambda update: update.told.announced is not None)
    when_told = stage.cloud.state().endpoints[_ENDPOINT]
    time.sleep(LANDING_SECONDS / _SPEED)
    later = stage.cloud.state().endpoints[_ENDPOINT]

    assert told.outcome is Outcome.ROLLED_BACK, told.summary
    assert told.serving_config == f"{_ENDPOINT}-seed"
    assert [(each.status, each.serving_config) for each in (when_told, later)] == [
        ("InService", f"{_ENDPOINT}-seed")
    ] * 2
    assert stage.ledger.claim(_ENDPOINT) is None
    own = {spec.name for spec in told.planned.alarms.specs if spec.scope is not Scope.STANDING}
    assert not own & stage.alarms()
