"""A season of updates on the deployed stack: one cloud, an endpoint per lane, lanes side by side."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.offering import checkpoint, describe_release, release_text, upload
from tests.support.season_cases import (
    ASKED,
    CASES,
    INSTANCES,
    LANES,
    ORDINARY,
    SCARCE,
    SPEED,
    STUCK,
)

from switchover.aws.ledger import Ledger
from switchover_local.deploy import deploy
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.season_cases import Case

    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update
    from switchover_local.stack import LocalCloud

PROJECT = Path(__file__).parents[2]
SWITCHOVER = Path(sys.executable).parent / "switchover"
PATIENCE_SECONDS = 240  # per update, on a machine that may have other things to do
# Each concurrent call of a function is a process that starts: more would only wait for the CPU.
AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Played:
    """An update that was told of, and the world right then, by everybody who can tell."""

    update: Update
    timeline: tuple[Moment, ...]
    serving_before: str
    serving: str
    status: str
    is_claimed: bool
    scaling_before: object
    scaling: object
    alarms: frozenset[str]
    failed_requests: int


class Season:
    """The deployed stack, and every case played on it."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.outputs = deploy(cloud, PROJECT)
        session = cloud.session()
        self.s3 = session.client("s3")
        self.sqs = session.client("sqs")
        self.sagemaker = session.client("sagemaker")
        self.cloudwatch = session.client("cloudwatch")
        self.scaling = session.client("application-autoscaling")
        self.ledger = Ledger(session.client("dynamodb"), self.outputs["TableName"])
        self.people = self.listen()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._lanes: dict[str, Future[dict[str, Played]]] = {}

    def listen(self) -> str:
        """A queue of what is told to people from now on; returns its URL."""
        url = self.sqs.create_queue(QueueName="people")["QueueUrl"]
        asked = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.cloud.session().client("sns").subscribe(
            TopicArn=self.outputs["TopicArn"],
            Protocol="sqs",
            Endpoint=asked["Attributes"]["QueueArn"],
        )
        return url

    def heard(self) -> list[str]:
        """The subjects of all that was told to people."""
        subjects: list[str] = []
        while found := self.sqs.receive_message(QueueUrl=self.people, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            subjects += [json.loads(message["Body"])["Subject"] for message in found]
            for message in found:
                self.sqs.delete_message(
                    QueueUrl=self.people, ReceiptHandle=message["ReceiptHandle"]
                )
        return subjects

    def open(self) -> None:
        """Bring all endpoints into service, and begin."""
        question = {"name": "sign", "body": {}, "expect": {"matches": "This is"}}
        self.put("golden/quiet.jsonl", json.dumps(question).encode())
        with ThreadPoolExecutor(len(LANES)) as pool:
            list(pool.map(self.furnish, LANES))
        self.cloud.set_speed(SPEED)
        self._lanes = {lane: self._pool.submit(self.play_lane, lane) for lane in LANES}

    def close(self) -> None:
        """Let nobody play on a cloud that goes down."""
        self._pool.shutdown(cancel_futures=True)

    def furnish(self, endpoint: str) -> None:
        """Have v1 serve, scaled."""
        self.cloud.seed_endpoint(
            endpoint,
            f"s3://{self.outputs['BucketName']}/models/{endpoint}/v1/",
            instance_type=SCARCE if endpoint == STUCK.endpoint else ORDINARY,
            instances=INSTANCES,
        )
        resource = f"endpoint/{endpoint}/variant/AllTraffic"
        self.scaling.register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=resource,
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            MinCapacity=2,
            MaxCapacity=8,
        )
        self.scaling.put_scaling_policy(
            PolicyName="follow-the-load",
            ServiceNamespace="sagemaker",
            ResourceId=resource,
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                },
            },
        )

    def play_lane(self, endpoint: str) -> dict[str, Played]:
        """Play an endpoint's cases one after the other, under traffic; only the quiet one has none."""
        if endpoint != ASKED.endpoint:
            self.cloud.start_traffic(endpoint, requests_per_second=1)
        played = {case.name: self.play(case) for case in CASES if case.endpoint == endpoint}
        self.cloud.stop_traffic(endpoint)
        return played

    def play(self, case: Case) -> Played:
        """Offer the release and wait until its outcome was told."""
        before = self.cloud.state().endpoints[case.endpoint]
        scaling_before = self.read_scaling(case.endpoint)
        if case.is_previous_lost:
            self.cloud.set_behaviour(f"*/{case.endpoint}/v1/", Behaviour(unhealthy_from_instance=1))
        self.await_calm(case.endpoint)
        self.offer(case)
        if case.is_called_off:
            self.call_off(case.endpoint)
        update = self.await_told(case)
        after = self.cloud.state().endpoints[case.endpoint]
        return Played(
            update=update,
            timeline=self.ledger.timeline(update.update_id),
            serving_before=before.serving_config,
            serving=after.serving_config,
            status=after.status,
            is_claimed=self.ledger.claim(case.endpoint) is not None,
            scaling_before=scaling_before,
            scaling=self.read_scaling(case.endpoint),
            alarms=self.read_alarms(),
            failed_requests=after.traffic.failures - before.traffic.failures,
        )

    def await_calm(self, endpoint: str) -> None:
        """Wait until no alarm of an endpoint is red any more of the release before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        mine = f"switchover/{endpoint}/"
        while time.monotonic() < deadline and self.is_red(mine):
            time.sleep(0.2)

    def is_red(self, prefix: str) -> bool:
        red = self.cloudwatch.describe_alarms(AlarmNamePrefix=prefix, StateValue="ALARM")
        return bool(red["MetricAlarms"])

    def offer(self, case: Case) -> None:
        """Upload files, then release.json, whose arrival starts the update."""
        files = dict(checkpoint())
        self.put(f"policies/{case.endpoint}.yaml", json.dumps(case.policy).encode())
        release = describe_release(case.version, files, case.endpoint)
        if not case.is_complete:
            files.pop(max(path for path in files if path.endswith(".safetensors")))
        upload(self.s3, self.outputs["BucketName"], release["prefix"], files)
        self.put(f"releases/{case.endpoint}/{case.version}/release.json", release_text(release))

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.outputs["BucketName"], Key=key, Body=body)

    def call_off(self, endpoint: str) -> None:
        """`switchover abort`, as a person types it while the canary bakes."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.bakes(endpoint) and time.monotonic() < deadline:
            time.sleep(0.2)
        with self.cloud.stepping():  # the bake isn't over before the command has started
            subprocess.run(  # noqa: S603 - our own command on the local cloud
                [SWITCHOVER, "abort", endpoint, "--reason", "moved to Monday", "--no-watch"],
                env=self.cloud.environment(),
                check=True,
                timeout=60,
                capture_output=True,
            )

    def bakes(self, endpoint: str) -> bool:
        """Whether a fleet is watched right now, in SageMaker's words."""
        stages = self.cloud.state().endpoints[endpoint].stages
        return any(stage.message.startswith("Baking") for stage in stages)

    def await_told(self, case: Case) -> Update:
        """The update of a case, once its outcome was told."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        found: list[Update] = []
        while time.monotonic() < deadline:
            history = self.ledger.history(case.endpoint)
            found = [update for update in history if update.version == case.version]
            if found and found[0].told.announced is not None:
                return found[0]
            time.sleep(0.5)
        raise AssertionError(f"{case.name}: {[(u.outcome, u.progress.last_seen) for u in found]}")

    def read_scaling(self, endpoint: str) -> object:
        """The fleet's size, its scalable target and policies, but for when they were made."""
        where: Any = {
            "ServiceNamespace": "sagemaker",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        }
        resource = f"endpoint/{endpoint}/variant/AllTraffic"
        targets = self.scaling.describe_scalable_targets(**where, ResourceIds=[resource])
        policies = self.scaling.describe_scaling_policies(**where, ResourceId=resource)
        [variant] = self.sagemaker.describe_endpoint(EndpointName=endpoint)["ProductionVariants"]
        return (
            variant.get("DesiredInstanceCount"),
            [
                (target["MinCapacity"], target["MaxCapacity"], target.get("SuspendedState"))
                for target in targets["ScalableTargets"]
            ],
            [
                (policy["PolicyName"], policy["TargetTrackingScalingPolicyConfiguration"])
                for policy in policies["ScalingPolicies"]
            ],
        )

    def read_alarms(self) -> frozenset[str]:
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate()
        return frozenset(alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"])

    def of(self, case: Case) -> Played:
        """How a case went, once its lane is through."""
        return self._lanes[case.endpoint].result()[case.name]

    def asked_per_minute(self, endpoint: str, since: datetime) -> list[float]:
        """How many requests an endpoint was asked, by both fleets, minute by minute."""
        found = self.cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[
                {"Name": "EndpointName", "Value": endpoint},
                {"Name": "VariantName", "Value": "AllTraffic"},
            ],
            StartTime=since,
            EndTime=since + timedelta(hours=2),
            Period=60,
            Statistics=["Sum"],
        )
        return [point["Sum"] for point in found["Datapoints"]]
