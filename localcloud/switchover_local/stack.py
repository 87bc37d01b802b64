"""The local cloud as its users hold it: bring it up, find it again, point clients at it."""

from __future__ import annotations

import http.client
import json
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from switchover.aws.clients import teach_newer_models
from switchover_local.control import PREFIX, CloudState
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
    from collections.abc import Callable, Iterator

    from mypy_boto3_sagemaker.literals import ProductionVariantInstanceTypeType

    from switchover_local.twin.scenario import Behaviour, Fault, Scenario

START_SECONDS = 120
ANSWER_SECONDS = 20
RECORD_SECONDS = 10  # from its first moment to its record: an interpreter's start on a busy machine
POLL_SECONDS = 0.05
SEED_SPEED = 600


class CloudNotRunning(Exception):
    """No local cloud runs in this folder."""


class CloudDidNotStart(Exception):
    """The host ended, or didn't answer in time; the message holds the end of its log."""


class CloudRefused(Exception):
    """The control API didn't accept a request."""


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """A running local cloud: MiniStack and the twin, on loopback ports of their own."""

    folder: Path
    record: CloudRecord

    @classmethod
    def up(
        cls,
        speed: float = 60.0,
        scenario: Scenario | None = None,
        folder: Path = Path(".local"),
        code: Path | None = None,
    ) -> LocalCloud:
        """Return a cloud that answers, starting one only if none runs in `folder`.

        A cloud that runs already keeps its own speed and scenario. `code` is where it finds unpacked
        code, and leaves its own, if it is to share that with clouds in other folders.

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
        except BaseException:  # Ctrl-C too: what was started here must not stay behind
            end_host(folder, host)
            raise

    @classmethod
    def attach(cls, folder: Path = Path(".local")) -> LocalCloud:
        """Find the cloud that runs (or is just starting) in `folder`.

        Raises:
            CloudNotRunning: none does; an old record file doesn't count.
            CloudDidNotStart: one does, and doesn't answer.
        """
        folder = folder.resolve()
        if not is_running(folder):
            raise CloudNotRunning(
                f"No local cloud runs in {folder}. Start one: switchover local up"
            )
        return _wait_for(folder, 2 * ANSWER_SECONDS)

    @classmethod
    def find(cls, folder: Path = Path(".local")) -> LocalCloud | None:
        """The cloud that runs in `folder`, whether it answers or not; None if there is none."""
        folder = folder.resolve()
        deadline = time.monotonic() + RECORD_SECONDS
        while (record := read_record(folder)) is None and is_running(folder):
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_SECONDS)
        return None if record is None else cls(folder, record)

    def down(self, tell: Callable[[str], object] = lambda _: None) -> None:
        """End the host, though it hang, and every Lambda worker; harmless if it is gone already.

        `tell` is told what is being done.
        """
        if read_record(self.folder) != self.record:  # else the number may be another process's
            return
        if self.record.started in {None, identify(self.record.pid)}:
            end_host(self.folder, self.record.pid, tell)
        record_path(self.folder).unlink(missing_ok=True)

    @property
    def engine_url(self) -> str:
        """Where MiniStack answers."""
        return f"http://127.0.0.1:{self.record.engine_port}"

    @property
    def twin_url(self) -> str:
        """Where the twin answers, its control API included."""
        return f"http://127.0.0.1:{self.record.twin_port}"

    @property
    def account_id(self) -> str:
        """The account that everything here belongs to."""
        return ACCOUNT_ID

    def environment(self) -> dict[str, str]:
        """The variables that lead any AWS client, the aws CLI included, to this cloud."""
        return name_endpoints(self.record.engine_port, self.record.twin_port)

    def session(self, key: str = "test", secret: str = "test") -> boto3.Session:  # noqa: S107
        """A boto3 session whose clients reach this cloud, whatever the caller's own environment.

        It is the root of the account, unless the key is that of a user made here.
        """
        inner = teach_newer_models(CloudSession(self.engine_url, self.twin_url))
        return boto3.Session(key, secret, region_name=REGION, botocore_session=inner)

    def state(self) -> CloudState:
        """What the twin sees right now."""
        return CloudState.model_validate_json(_ask(self.record.twin_port, "GET", f"{PREFIX}state"))

    def step(self, seconds: float) -> CloudState:
        """Let so many virtual seconds pass, and time stand from then on; what the twin sees then.

        Whatever happens in them, work of functions included, is done before. 0 lets time stand at once.
        """
        body: dict[str, object] = {"seconds": seconds}
        answer = _ask(self.record.twin_port, "POST", f"{PREFIX}step", body, timeout=None)
        return CloudState.model_validate_json(answer)

    @contextmanager
    def stepping(self) -> Iterator[Callable[[float], CloudState]]:
        """Let time stand inside the block, but for the steps that it takes."""
        self.step(0)
        try:
            yield self.step
        finally:
            self._post("run", {})

    def set_speed(self, speed: float) -> None:
        """Let at most `speed` virtual seconds pass per real second from now on."""
        self._post("speed", {"speed": speed})

    def load_scenario(self, scenario: Scenario) -> None:
        """Let the world be as the scenario says from now on, and inject its faults.

        Seed, region and account stay those of the start; faults that an earlier scenario left
        unused stay too.
        """
        self._post("scenario", scenario.model_dump(mode="json"))

    def set_behaviour(self, model: str, behaviour: Behaviour) -> None:
        """Change how every model whose S3 URI matches the glob `model` behaves from now on."""
        self._post("behaviours", {"model": model, "behaviour": behaviour.model_dump()})

    def inject(self, fault: Fault) -> None:
        """Let something go wrong, now or when its moment comes."""
        self._post("faults", fault.model_dump())

    def start_traffic(self, endpoint: str, requests_per_second: float) -> None:
        """Send requests to the endpoint, per virtual second, instead of what was sent before."""
        self._post("traffic", {"endpoint": endpoint, "requests_per_second": requests_per_second})

    def stop_traffic(self, endpoint: str) -> None:
        """Send the endpoint nothing more."""
        self._post("traffic", {"endpoint": endpoint, "requests_per_second": 0})

    @contextmanager
    def at_speed(self, speed: float) -> Iterator[None]:
        """Let time run at `speed` inside the block, then as before."""
        before = self.state().speed
        self.set_speed(speed)
        try:
            yield
        finally:
            self.set_speed(before)

    def seed_endpoint(
        self,
        name: str,
        model_data: str,
        *,
        instance_type: ProductionVariantInstanceTypeType = "ml.g6e.2xlarge",
        instances: int = 4,
        variant: str = "AllTraffic",
    ) -> None:
        """Have an endpoint serve the model under the S3 prefix `model_data`; keep one that exists.

        Its model and first config are named `<name>-seed`. Provisioning is fast-forwarded.
        """
        if name in self.state().endpoints:
            return
        sagemaker, s3 = self.session().client("sagemaker"), self.session().client("s3")
        bucket, _, prefix = model_data.removeprefix("s3://").partition("/")
        with suppress(s3.exceptions.NoSuchBucket):  # a way back needs data to be launched from
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
        """An execution role for models, with what SageMaker needs of it during guarded updates."""
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

    def _post(self, path: str, body: dict[str, object]) -> None:
        _ask(self.record.twin_port, "POST", f"{PREFIX}{path}", body)


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
        _ask(record.engine_port, "GET", "/_ministack/ready", timeout=ANSWER_SECONDS)
        _ask(record.twin_port, "GET", f"{PREFIX}state", timeout=ANSWER_SECONDS)
    except (OSError, http.client.HTTPException, CloudRefused):
        return False
    return True


def _ask(
    port: int,
    method: str,
    path: str,
    body: dict[str, object] | None = None,
    timeout: float | None = START_SECONDS,
) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise CloudRefused(f"{method} {path}: {response.status} {answer.decode(errors='replace')}")
    return answer
