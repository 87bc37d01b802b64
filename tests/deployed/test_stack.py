"""The local cloud starts, runs a deployed stack, and stops without leaving anything."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from switchover_local.deploy import DeployFailed, deploy, read_outputs
from switchover_local.record import CloudRecord, is_running, open_lock, take_lock, write_record
from switchover_local.stack import CloudDidNotStart, CloudNotRunning, LocalCloud

SMALL_STACK = Path(__file__).parent / "small_stack"
PATIENCE_SECONDS = 20

pytestmark = pytest.mark.deployed


def wait_until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


def list_group(group: int) -> list[int]:
    """The living processes of a process group."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,pgid=,stat="],  # noqa: S607 - wherever the system keeps it
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(pid) for pid, pgid, stat in rows if int(pgid) == group and stat[0] != "Z"]


def call_echo(cloud: LocalCloud, event: dict[str, object]) -> dict[str, object]:
    answer = (
        cloud.session()
        .client("lambda")
        .invoke(FunctionName=read_outputs(cloud)["EchoFunction"], Payload=json.dumps(event))
    )
    content: dict[str, object] = json.loads(answer["Payload"].read())
    return content


@pytest.fixture(name="project", scope="module")
def copy_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(SMALL_STACK, tmp_path_factory.mktemp("small") / "stack")


@pytest.fixture(name="cloud", scope="module")
def start_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    cloud = LocalCloud.up(folder=tmp_path_factory.mktemp("cloud"))
    yield cloud
    cloud.down()


@pytest.fixture(name="outputs", scope="module")
def deploy_project(cloud: LocalCloud, project: Path) -> dict[str, str]:
    return deploy(cloud, project)


@pytest.fixture(name="own_cloud")
def start_own_cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """A cloud for a test that ends it."""
    cloud = LocalCloud.up(folder=tmp_path / "cloud")
    yield cloud
    cloud.down()


@pytest.fixture(name="workers")
def start_workers(own_cloud: LocalCloud, project: Path) -> list[int]:
    """The host of `own_cloud` and a Lambda worker that it has started."""
    deploy(own_cloud, project)
    call_echo(own_cloud, {})
    return list_group(own_cloud.record.pid)


def test_up_again_returns_the_cloud_that_runs(cloud: LocalCloud) -> None:
    assert LocalCloud.up(folder=cloud.folder) == cloud
    assert LocalCloud.attach(cloud.folder) == cloud


def test_it_listens_on_loopback_only(cloud: LocalCloud) -> None:
    listed = subprocess.run(
        ["ss", "-ltnpH"],  # noqa: S607 - wherever the system keeps it
        capture_output=True,
        text=True,
        check=True,
    )

    ours = [row for row in listed.stdout.splitlines() if f"pid={cloud.record.pid}," in row]

    assert sorted(row.split()[3] for row in ours) == sorted(
        f"127.0.0.1:{port}" for port in (cloud.record.engine_port, cloud.record.twin_port)
    )


def test_an_upload_starts_the_state_machine(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    session = cloud.session()
    states = session.client("stepfunctions")
    key = "qwen/v2/release.json"

    session.client("s3").put_object(Bucket=outputs["ModelBucket"], Key=key, Body=b"{}")

    def list_done() -> list[str]:
        listed = states.list_executions(
            stateMachineArn=outputs["StateMachineArn"], statusFilter="SUCCEEDED"
        )
        return [execution["executionArn"] for execution in listed["executions"]]

    assert wait_until(lambda: len(list_done()) == 1)
    done = states.describe_execution(executionArn=list_done()[0])
    assert json.loads(done["output"]) == key


def test_functions_find_the_twin_without_a_change_to_the_template(
    cloud: LocalCloud, outputs: dict[str, str]
) -> None:
    endpoints = call_echo(cloud, {})["endpoints"]

    assert endpoints == {
        "AWS_ENDPOINT_URL": cloud.engine_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": cloud.twin_url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": cloud.twin_url,
        "AWS_ENDPOINT_URL_CLOUDWATCH": cloud.twin_url,
        "AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": cloud.twin_url,
        "AWS_ENDPOINT_URL_SERVICE_QUOTAS": cloud.twin_url,
    }


def test_the_twins_events_reach_a_rule(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    cloud.seed_endpoint("qwen", f"s3://{outputs['ModelBucket']}/qwen/v1/")
    queue = cloud.session().client("sqs")
    seen: list[str] = []

    def has_seen_in_service() -> bool:
        received = queue.receive_message(QueueUrl=outputs["SeenQueue"], MaxNumberOfMessages=10)
        events = [json.loads(message["Body"]) for message in received.get("Messages", [])]
        seen.extend(event["detail"].get("EndpointStatus", "") for event in events)
        return "IN_SERVICE" in seen

    assert wait_until(has_seen_in_service)


def test_the_state_tells_which_config_serves_on_how_many_instances(cloud: LocalCloud) -> None:
    cloud.seed_endpoint("llama", "s3://models/llama/v1/", instances=3)

    endpoint = cloud.state().endpoints["llama"]

    assert (endpoint.status, endpoint.serving_config) == ("InService", "llama-seed")
    assert endpoint.headcounts[-1].old_serving == 3


def test_seeding_again_keeps_the_endpoint_that_is_there(cloud: LocalCloud) -> None:
    cloud.seed_endpoint("twice", "s3://models/twice/v1/", instances=2)

    cloud.seed_endpoint("twice", "s3://models/twice/v2/", instances=3)

    assert cloud.state().endpoints["twice"].headcounts[-1].old_serving == 2


def test_traffic_flows_until_it_is_stopped(cloud: LocalCloud) -> None:
    cloud.seed_endpoint("busy", "s3://models/busy/v1/")

    cloud.start_traffic("busy", requests_per_second=5)

    def count() -> int:
        return cloud.state().endpoints["busy"].traffic.requests

    assert wait_until(lambda: count() > 20)
    cloud.stop_traffic("busy")
    with cloud.stepping() as step:
        sent = count()
        step(600)
        assert count() == sent


def test_speed_can_change_while_it_runs(cloud: LocalCloud) -> None:
    with cloud.at_speed(1000):
        inside = cloud.state().speed

    assert (inside, cloud.state().speed) == (1000, 60)


def test_a_second_deploy_of_the_same_files_has_nothing_to_do(
    cloud: LocalCloud, project: Path, outputs: dict[str, str]
) -> None:
    shutil.rmtree(project / ".local" / "build" / "EchoFunction")  # sam would miss it

    assert deploy(cloud, project) == outputs


def test_changed_code_is_deployed(
    cloud: LocalCloud, project: Path, outputs: dict[str, str]
) -> None:
    handler = project / "functions" / "echo.py"
    handler.write_text(handler.read_text().replace('"first"', '"second"'))

    deploy(cloud, project)

    assert call_echo(cloud, {})["answer"] == "second"


def test_what_sam_has_against_a_template_is_told_in_full(cloud: LocalCloud, tmp_path: Path) -> None:
    project = shutil.copytree(SMALL_STACK, tmp_path / "broken")
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("CodeUri: functions", "CodeUri: nowhere"))

    with pytest.raises(DeployFailed, match=r"(?s)sam \w+ failed.*EchoFunction.*does not exist"):
        deploy(cloud, project)


def test_a_session_reaches_the_cloud_whatever_the_environment_says(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-somebody-else")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")

    identity = cloud.session().client("sts").get_caller_identity()

    assert identity["Account"] == "000000000000"


def test_down_leaves_no_process_not_even_a_busy_one(
    own_cloud: LocalCloud, workers: list[int]
) -> None:
    own_cloud.session().client("lambda").invoke(
        FunctionName=read_outputs(own_cloud)["EchoFunction"],
        InvocationType="Event",
        Payload=json.dumps({"seconds": 8}),
    )

    own_cloud.down()

    assert len(workers) >= 2
    assert list_group(own_cloud.record.pid) == []
    assert not is_running(own_cloud.folder)


def test_down_frees_the_ports_and_the_folder(own_cloud: LocalCloud) -> None:
    own_cloud.down()

    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", own_cloud.record.engine_port)) != 0
    assert not (own_cloud.folder / "cloud.json").exists()
    assert not (own_cloud.folder / "tmp").exists()


def test_a_host_that_is_killed_takes_its_workers_along(
    own_cloud: LocalCloud, workers: list[int]
) -> None:
    os.kill(own_cloud.record.pid, signal.SIGKILL)

    assert len(workers) >= 2
    assert wait_until(lambda: list_group(own_cloud.record.pid) == [])


def test_ctrl_c_ends_a_host_in_the_foreground(tmp_path: Path) -> None:
    host = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "switchover_local.host", "--folder", str(tmp_path)],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(lambda: (tmp_path / "cloud.json").exists())
    LocalCloud.attach(tmp_path)

    host.send_signal(signal.SIGINT)

    assert host.wait(PATIENCE_SECONDS) == 0
    assert not (tmp_path / "cloud.json").exists()


def test_a_record_that_a_crash_left_is_not_believed(tmp_path: Path) -> None:
    write_record(tmp_path, CloudRecord(pid=os.getpid(), engine_port=1, twin_port=2))

    with pytest.raises(CloudNotRunning, match="switchover local up"):
        LocalCloud.attach(tmp_path)


def test_up_replaces_what_a_crash_left(own_cloud: LocalCloud) -> None:
    os.kill(own_cloud.record.pid, signal.SIGKILL)
    assert wait_until(lambda: not is_running(own_cloud.folder))

    again = LocalCloud.up(folder=own_cloud.folder)

    assert again.record.pid != own_cloud.record.pid
    again.down()


def test_down_never_ends_a_process_that_is_not_ours(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)  # noqa: S607
    record = CloudRecord(pid=stranger.pid, engine_port=1, twin_port=2)
    write_record(tmp_path, record)

    LocalCloud(tmp_path, record).down()

    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_host_that_cannot_start_is_told_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    shadow = tmp_path / "path" / "hypercorn"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text("raise ImportError('no server here')")

    with pytest.raises(CloudDidNotStart, match="no server here"):
        LocalCloud.up(folder=tmp_path / "cloud")


def test_one_lock_has_one_holder(tmp_path: Path) -> None:
    first, second = open_lock(tmp_path), open_lock(tmp_path)

    assert take_lock(first)
    assert not take_lock(second)
    os.close(first)
    os.close(second)
    assert not is_running(tmp_path)


def test_a_session_asks_the_twin_for_what_the_twin_stands_in_for(cloud: LocalCloud) -> None:
    session = cloud.session()

    urls = {
        session.client("sagemaker").meta.endpoint_url,
        session.client("sagemaker-runtime").meta.endpoint_url,
        session.client("cloudwatch").meta.endpoint_url,
        session.client("application-autoscaling").meta.endpoint_url,
        session.client("service-quotas").meta.endpoint_url,
    }

    assert urls == {cloud.twin_url}
    assert session.client("dynamodb").meta.endpoint_url == cloud.engine_url
