"""The local cloud for its users: start it, find it again, point clients to it."""

from __future__ import annotations

import http.client
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from switchover.aws.clients import teach_newer_models
from switchover_local.control import PREFIX
from switchover_local.control_client import CloudRefused, ControlClient, ask
from switchover_local.engine import ACCOUNT_ID, REGION, name_endpoints
from switchover_local.hosting import end_host, start_host
from switchover_local.processes import end_workers, identify
from switchover_local.record import (
    CloudRecord,
    code_path,
    is_running,
    log_path,
    open_lock,
    read_record,
    record_path,
    take_lock,
    temporary_path,
)
from switchover_local.sessions import CloudSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sagemaker.literals import ProductionVariantInstanceTypeType

    from switchover_local.twin.scenario import Scenario

START_SECONDS = 120
ANSWER_SECONDS = 20
RECORD_SECONDS = 10  # the longest time from the host's start to its record, on a busy machine
POLL_SECONDS = 0.05
SEED_SPEED = 600


class CloudNotRunning(Exception):
    """No local cloud runs in this folder."""


class CloudDidNotStart(Exception):
    """The host ended, or didn't answer in time; the message has the end of its log."""


class LocalCloud(ControlClient):
    """A running local cloud: MiniStack and the twin, on loopback ports of their own."""

    __slots__ = ()

    @classmethod
    def up(
        cls,
        speed: float = 60.0,
        scenario: Scenario | None = None,
        folder: Path = Path(".local"),
        code: Path | None = None,
    ) -> LocalCloud:
        """Return a cloud that answers; starts one only if none runs in `folder`.

        A running cloud keeps its own speed and scenario. `code` is a folder of unpacked code to share
        with clouds in other folders.

        Raises:
            CloudDidNotStart: with the end of the log.
        """
        folder = folder.resolve()
        lock = open_lock(folder)
        try:
            if not take_lock(lock):
                return _wait_for(folder)
            record_path(folder).unlink(missing_ok=True)
            end_workers(temporary_path(folder))  # of a host that was killed
            host = start_host(folder, speed, scenario, code or code_path(folder), lock)
        finally:
            os.close(lock)
        try:
            return _wait_for(folder)
        except BaseException:  # also after Ctrl-C: the started process must not stay behind
            end_host(folder, host)
            raise

    @classmethod
    def attach(cls, folder: Path = Path(".local")) -> LocalCloud:
        """Find the cloud that runs (or is just starting) in `folder`.

        Raises:
            CloudNotRunning: no cloud runs; an old record file doesn't count.
            CloudDidNotStart: a cloud runs, but doesn't answer.
        """
        folder = folder.resolve()
        if not is_running(folder):
            raise CloudNotRunning(
                f"No local cloud runs in {folder}. Start one: switchover local up"
            )
        return _wait_for(folder, 2 * ANSWER_SECONDS)

    @classmethod
    def find(cls, folder: Path = Path(".local")) -> LocalCloud | None:
        """The cloud that runs in `folder`, even if it doesn't answer; None if there is none."""
        folder = folder.resolve()
        deadline = time.monotonic() + RECORD_SECONDS
        while (record := read_record(folder)) is None and is_running(folder):
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_SECONDS)
        return None if record is None else cls(folder, record)

    def down(self, tell: Callable[[str], object] = lambda _: None) -> None:
        """End the host, even if it hangs, and every Lambda worker; does nothing if the host has ended.

        `tell` is called before each step.
        """
        if (
            read_record(self.folder) != self.record
        ):  # otherwise the number may belong to another process
            return
        if self.record.started in {None, identify(self.record.pid)}:
            end_host(self.folder, self.record.pid, tell)
        record_path(self.folder).unlink(missing_ok=True)

    @property
    def engine_url(self) -> str:
        """The URL of MiniStack."""
        return f"http://127.0.0.1:{self.record.engine_port}"

    @property
    def twin_url(self) -> str:
        """The URL of the twin and of its control API."""
        return f"http://127.0.0.1:{self.record.twin_port}"

    @property
    def account_id(self) -> str:
        """The account of all resources in this cloud."""
        return ACCOUNT_ID

    def environment(self) -> dict[str, str]:
        """The variables that point any AWS client, also the aws CLI, to this cloud."""
        return name_endpoints(self.record.engine_port, self.record.twin_port)

    def session(self, key: str = "test", secret: str = "test") -> boto3.Session:  # noqa: S107
        """A boto3 session whose clients reach this cloud, independently of the caller's environment.

        The session is the account's root, unless the key belongs to a user of this cloud.
        """
        inner = teach_newer_models(CloudSession(self.engine_url, self.twin_url))
        return boto3.Session(key, secret, region_name=REGION, botocore_session=inner)

    def seed_endpoint(
        self,
        name: str,
        model_data: str,
        *,
        instance_type: ProductionVariantInstanceTypeType = "ml.g6e.2xlarge",
        instances: int = 4,
        variant: str = "AllTraffic",
    ) -> None:
        """Create an endpoint that serves the model under the S3 prefix `model_data`, unless it exists.

        Its model and first config are named `<name>-seed`. Provisioning is fast-forwarded.
        """
        if name in self.state().endpoints:
            return
        sagemaker, s3 = self.session().client("sagemaker"), self.session().client("s3")
        bucket, _, prefix = model_data.removeprefix("s3://").partition("/")
        with suppress(
            s3.exceptions.NoSuchBucket
        ):  # a rollback launches instances, so the model data must exist
            s3.put_object(Bucket=bucket, Key=f"{prefix}model.safetensors", Body=b"seed")
        seed = f"{name}-seed"
        role = self.make_role("SageMakerDemoRole")
        sagemaker.create_model(
            ModelName=seed,
            ExecutionRoleArn=role,
            PrimaryContainer={
                "Image": "demo/vllm:1",
                "ModelDataSource": {
                    "S3DataSource": {
                        "S3Uri": model_data,
                        "S3DataType": "S3Prefix",
                        "CompressionType": "None",
                    }
                },
            },
        )
        sagemaker.create_endpoint_config(
            EndpointConfigName=seed,
            ProductionVariants=[
                {
                    "VariantName": variant,
                    "ModelName": seed,
                    "InstanceType": instance_type,
                    "InitialInstanceCount": instances,
                    "ContainerStartupHealthCheckTimeoutInSeconds": 1800,
                    "ModelDataDownloadTimeoutInSeconds": 1800,
                }
            ],
        )
        with self.at_speed(SEED_SPEED):
            sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=seed)
            sagemaker.get_waiter("endpoint_in_service").wait(
                EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
            )

    def make_role(self, name: str) -> str:
        """An execution role for models, with the permissions that SageMaker needs for guarded updates."""
        iam = self.session().client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=_policy({**trust, "Action": "sts:AssumeRole"}),
            )
        allowed = {"Effect": "Allow", "Action": "cloudwatch:DescribeAlarms", "Resource": "*"}
        iam.put_role_policy(
            RoleName=name, PolicyName="watch-alarms", PolicyDocument=_policy(allowed)
        )
        return f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _wait_for(folder: Path, patience_seconds: float = START_SECONDS) -> LocalCloud:
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline and is_running(folder):
        record = read_record(folder)
        if record is not None and _answers(record):
            return LocalCloud(folder, record)
        time.sleep(POLL_SECONDS)
    log = log_path(folder)
    tail = log.read_text(errors="replace")[-4000:] if log.exists() else "(no log)"
    said = "didn't start"
    if is_running(folder):
        said = f"runs in {folder} and doesn't answer; end it: switchover local down"
    raise CloudDidNotStart(f"The local cloud {said}. The end of {log}:\n{tail}")


def _answers(record: CloudRecord) -> bool:
    try:
        ask(record.engine_port, "GET", "/_ministack/ready", timeout=ANSWER_SECONDS)
        ask(record.twin_port, "GET", f"{PREFIX}state", timeout=ANSWER_SECONDS)
    except (OSError, http.client.HTTPException, CloudRefused):
        return False
    return True
