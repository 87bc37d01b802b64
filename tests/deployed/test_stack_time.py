"""A local cloud's virtual time: the work of functions takes none, their waits do."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.deployed.test_stack import SMALL_STACK, call_echo, list_group, wait_until

from switchover_local import stack
from switchover_local.deploy import deploy
from switchover_local.record import is_running, temporary_path
from switchover_local.stack import CloudDidNotStart, LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FASTEST = 3600
PAUSE_SECONDS = 90  # longer than the small machine's, by a deployment of its own
SOON_SECONDS = 5

pytestmark = pytest.mark.deployed


@pytest.fixture(name="cloud", scope="module")
def start_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    cloud = LocalCloud.up(folder=tmp_path_factory.mktemp("cloud"), speed=FASTEST)
    yield cloud
    cloud.down()


@pytest.fixture(name="outputs", scope="module")
def deploy_small(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    project = shutil.copytree(SMALL_STACK, tmp_path_factory.mktemp("small") / "stack")
    return deploy(cloud, project, {"PauseSeconds": str(PAUSE_SECONDS)})


def run_machine(cloud: LocalCloud, outputs: dict[str, str]) -> dict[str, Any]:
    """An execution that pauses, then asks a function; how it is once more time than that has passed."""
    states = cloud.session().client("stepfunctions")
    text = json.dumps({"detail": {"object": {"key": "v2"}}})
    with cloud.stepping() as step:
        started = states.start_execution(stateMachineArn=outputs["StateMachineArn"], input=text)
        step(PAUSE_SECONDS + 1)
        described: dict[str, Any] = dict(
            states.describe_execution(executionArn=started["executionArn"])
        )
    return described


def test_an_executions_pauses_take_virtual_time_and_its_functions_take_none(
    cloud: LocalCloud, outputs: dict[str, str]
) -> None:
    done = run_machine(cloud, outputs)

    took = (done["stopDate"] - done["startDate"]).total_seconds()
    assert done["status"] == "SUCCEEDED"
    assert took == pytest.approx(PAUSE_SECONDS + 0.15, abs=0.01)  # 0.15 s are MiniStack's own


def test_what_a_function_sleeps_passes_at_once_and_is_gone_by(
    cloud: LocalCloud, outputs: dict[str, str]
) -> None:
    before = cloud.state().now

    call_echo(cloud, {"seconds": 7200})

    assert cloud.state().now - before >= timedelta(hours=2)


def test_an_upload_is_dated_by_virtual_time_as_everything_else_is(
    cloud: LocalCloud, outputs: dict[str, str]
) -> None:
    """By the wall, a release would be older than a rollback before it, and be superseded by it."""
    states, s3 = cloud.session().client("stepfunctions"), cloud.session().client("s3")
    machine = outputs["StateMachineArn"]

    def inputs() -> list[dict[str, Any]]:
        listed = states.list_executions(stateMachineArn=machine)["executions"]
        arns = [execution["executionArn"] for execution in listed]
        return [json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in arns]

    with cloud.stepping() as step:
        before = step(7200).now
        s3.put_object(Bucket=outputs["ModelBucket"], Key="dated/v2/release.json", Body=b"{}")
        assert wait_until(lambda: any("time" in told for told in inputs()))
        [dated] = [told["time"] for told in inputs() if "time" in told]

    # S3 says whole milliseconds.
    assert datetime.fromisoformat(dated) >= before.replace(microsecond=0)


def test_time_that_a_step_lets_stand_goes_on_afterwards(cloud: LocalCloud) -> None:
    with cloud.stepping() as step:
        stood = step(10).now
        time.sleep(0.05)
        still = cloud.state().now

    assert still == stood
    assert wait_until(lambda: cloud.state().now > stood)


def test_both_ports_answer_under_load_at_the_highest_speed(cloud: LocalCloud) -> None:
    cloud.seed_endpoint("busy", "s3://models/busy/v1/")
    cloud.set_speed(FASTEST)
    cloud.start_traffic("busy", requests_per_second=200)
    time.sleep(1)

    took = [seconds_to_answer(cloud) for _ in range(10)]

    cloud.stop_traffic("busy")
    assert max(took) < SOON_SECONDS


def seconds_to_answer(cloud: LocalCloud) -> float:
    began = time.monotonic()
    cloud.state()
    engine = http.client.HTTPConnection("127.0.0.1", cloud.record.engine_port, timeout=60)
    engine.request("GET", "/_ministack/ready")
    engine.getresponse().read()
    engine.close()
    return time.monotonic() - began


@pytest.fixture(name="own_cloud")
def start_own_cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """A cloud for a test that ends it, and a function on it that sleeps for a day."""
    cloud = LocalCloud.up(folder=tmp_path / "cloud")
    outputs = deploy(cloud, shutil.copytree(SMALL_STACK, tmp_path / "stack"))
    cloud.session().client("lambda").invoke(
        FunctionName=outputs["EchoFunction"],
        InvocationType="Event",
        Payload=json.dumps({"seconds": 86_400}),
    )
    # The host, the fork server and the worker.
    assert wait_until(lambda: len(list_group(cloud.record.pid)) == 3)
    yield cloud
    cloud.down()


def test_up_comes_again_at_once_after_a_busy_host_was_killed(own_cloud: LocalCloud) -> None:
    os.kill(own_cloud.record.pid, signal.SIGKILL)
    assert wait_until(lambda: not is_running(own_cloud.folder))

    began = time.monotonic()
    again = LocalCloud.up(folder=own_cloud.folder)
    took = time.monotonic() - began

    assert list_group(own_cloud.record.pid) == []
    assert took < 4 * SOON_SECONDS
    again.down()


def test_a_cloud_that_hangs_is_told_with_the_command_that_ends_it(
    own_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "ANSWER_SECONDS", 0.5)
    os.kill(own_cloud.record.pid, signal.SIGSTOP)

    with pytest.raises(CloudDidNotStart, match="doesn't answer; end it: switchover local down"):
        LocalCloud.attach(own_cloud.folder)


def test_down_ends_a_host_that_hangs_and_says_so(own_cloud: LocalCloud) -> None:
    os.kill(own_cloud.record.pid, signal.SIGSTOP)
    told: list[str] = []

    found = LocalCloud.find(own_cloud.folder)
    assert found is not None
    found.down(told.append)

    assert list_group(own_cloud.record.pid) == []
    assert not is_running(own_cloud.folder)
    assert not temporary_path(own_cloud.folder).exists()
    assert any("by force" in line for line in told)
