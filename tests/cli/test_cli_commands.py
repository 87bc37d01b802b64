"""The commands as people type them, on a stack that moto simulates."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from tests.support import samples
from tests.support.cloudformation_fake import serve_stacks
from tests.support.ledger_table import TABLE, create_table

from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Claim
from switchover.domain.served import Served
from switchover.domain.update.records import Moment
from switchover.domain.update.request import Request
from switchover_cli.app import main
from switchover_cli.connect import find_deployment
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Ending:
    """What a command left behind: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """stdout as the one JSON document that it is."""
        return json.loads(self.out)


class Shell:
    """Types commands and reads what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ending:
        """Run `switchover` with these arguments."""
        code = main(arguments)
        printed = self._capsys.readouterr()
        return Ending(code, printed.out, printed.err)


@pytest.fixture(autouse=True)
def stacks(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, dict[str, str]]]:
    """The stacks that CloudFormation knows; moto stands in for the rest of AWS."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("COLUMNS", "120")
    known: dict[str, dict[str, str]] = {"other": {"Site": "somebody else's"}}
    with serve_stacks(known) as url, mock_aws():
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        yield known


@pytest.fixture(scope="module")
def session() -> boto3.Session:
    """One for all: each reads the services' models anew."""
    return boto3.Session("test", "test", region_name="us-east-1")


@pytest.fixture
def deployment(stacks: dict[str, dict[str, str]], session: boto3.Session) -> Deployment:
    create_table(session.client("dynamodb"), TABLE)
    session.client("s3").create_bucket(Bucket="models")
    machine = session.client("stepfunctions").create_state_machine(
        name="update",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::000000000000:role/machine",
    )
    stacks["switchover"] = {
        "TableName": "ledger",
        "BucketName": "models",
        "StateMachineArn": machine["stateMachineArn"],
    }
    return find_deployment("switchover", session)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def endpoint(session: boto3.Session) -> None:
    sagemaker = session.client("sagemaker")
    sagemaker.create_model(
        ModelName="model-v1",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/model",
        PrimaryContainer={"Image": "vllm"},
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=samples.OLD,
        ProductionVariants=[
            {
                "VariantName": "main",
                "ModelName": "model-v1",
                "InstanceType": "ml.g4dn.xlarge",
                "InitialInstanceCount": 4,
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName=samples.ENDPOINT, EndpointConfigName=samples.OLD)


def ended(outcome: Outcome, **changes: Any) -> Update:
    return samples.update(
        **{
            "outcome": outcome,
            "summary": f"It ended {outcome.value}.",
            "ended_at": samples.later(900),
            "serving_config": samples.OLD,
            **changes,
        }
    )


def test_without_a_stack_the_remedy_names_what_to_do(shell: Shell) -> None:
    said = shell("history", "chat", "--stack", "absent")

    assert said.code == ExitCode.USAGE
    assert "The stack 'absent' doesn't exist in us-east-1." in said.err
    assert "--stack" in said.err


def test_somebody_elses_stack_is_not_taken_for_ours(shell: Shell) -> None:
    said = shell("history", "chat", "--stack", "other")

    assert said.code == ExitCode.USAGE
    assert "no output TableName" in said.err


def test_a_failure_is_one_message_without_a_traceback(shell: Shell) -> None:
    said = shell("no-such-command")

    assert said.code == ExitCode.USAGE
    assert said.out == ""
    assert "No such command" in said.err
    assert "Traceback" not in said.err


def test_debug_shows_the_traceback_wherever_it_stands(shell: Shell) -> None:
    said = shell("history", "chat", "--stack", "absent", "--debug")

    assert "Traceback" in said.err
    assert "The stack 'absent' doesn't exist" in said.err


def test_an_unknown_option_is_a_usage_error(shell: Shell) -> None:
    assert shell("status", "chat", "--colour").code == ExitCode.USAGE


def test_start_sends_what_a_release_needs(shell: Shell, deployment: Deployment) -> None:
    said = shell(
        *("start", "--endpoint", "chat", "--version", "v2", "--reason", "a hotfix"),
        *("--policy-override", "canary.percent=25", "--json"),
    )

    sent = deployment.session.client("stepfunctions").describe_execution(
        executionArn=deployment.execution_arn(said.json["update_id"])
    )
    assert said.code == ExitCode.DONE
    assert json.loads(sent["input"]) == {
        "release": "s3://models/releases/chat/v2/release.json",
        "policy": {"canary": {"percent": 25}},
        "reason": "a hotfix",
    }


def test_the_same_release_can_be_started_again(shell: Shell, deployment: Deployment) -> None:
    arguments = ("start", "s3://models/releases/chat/v2/release.json", "--json")

    first, second = shell(*arguments), shell(*arguments)

    assert first.json["update_id"] != second.json["update_id"]
    assert first.json["update_id"].startswith("chat-v2-")


def test_a_policy_override_that_the_policy_does_not_know_is_refused(shell: Shell) -> None:
    said = shell("start", "s3://m/releases/chat/v2/release.json", "--policy-override", "canry=1")

    assert said.code == ExitCode.USAGE
    assert "canary" in said.err


def test_start_wants_to_know_which_release(shell: Shell, deployment: Deployment) -> None:
    said = shell("start", "--endpoint", "chat")

    assert said.code == ExitCode.USAGE
    assert "Which release?" in said.err


def test_rollback_names_the_endpoint_and_the_version(shell: Shell, deployment: Deployment) -> None:
    said = shell("rollback", "chat", "--to", "v1", "--no-watch", "--json")

    sent = deployment.session.client("stepfunctions").describe_execution(
        executionArn=deployment.execution_arn(said.json["update_id"])
    )
    assert json.loads(sent["input"]) == {"rollback": "chat", "to": "v1"}


@pytest.mark.usefixtures("endpoint")
@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.UPDATED, 0),
        (Outcome.QUEUED, 0),
        (Outcome.REJECTED, 3),
        (Outcome.SUPERSEDED, 3),
        (Outcome.ROLLED_BACK, 4),
        (Outcome.NEEDS_OPERATOR, 5),
    ],
)
def test_watch_ends_with_the_outcomes_exit_code(
    shell: Shell, deployment: Deployment, outcome: Outcome, code: int
) -> None:
    deployment.ledger.open_update(ended(outcome))

    said = shell("watch", "chat")

    assert said.code == code
    assert f"{outcome.value}  It ended {outcome.value}." in said.out


@pytest.mark.usefixtures("endpoint")
def test_watch_prints_plain_lines_where_there_is_no_terminal(
    shell: Shell, deployment: Deployment
) -> None:
    update = deployment.ledger.open_update(ended(Outcome.UPDATED))
    deployment.ledger.add_moment(
        update,
        Moment(at=samples.later(61), state="AwaitOutcome", text="Launching 4 instance(s)."),
    )

    said = shell("watch", "--update", "chat-v2-0a1b2c3d")

    assert "+0:01:01  AwaitOutcome     Launching 4 instances" in said.out
    assert "\x1b" not in said.out


def test_watching_an_update_that_nobody_knows_is_a_usage_error(
    shell: Shell, deployment: Deployment
) -> None:
    said = shell("watch", "--update", "nope")

    assert said.code == ExitCode.USAGE
    assert "'nope'" in said.err


def test_history_prints_full_records_newest_first(shell: Shell, deployment: Deployment) -> None:
    plan = samples.plan()
    deployment.ledger.open_update(ended(Outcome.UPDATED, plan=plan))
    deployment.ledger.open_update(
        ended(
            Outcome.REJECTED,
            update_id="chat-v3",
            version="v3",
            started_at=samples.later(3600),
            reasons=(samples.reason(),),
        )
    )

    newest, oldest = shell("history", "chat", "--json").json

    assert (newest["version"], oldest["version"]) == ("v3", "v2")
    assert newest["reasons"][0]["remedy"] == "Mend it."
    assert newest["plan"] is None
    assert oldest["plan"]["expected_seconds"] == plan.times.expected_seconds
    assert set(oldest) == {
        *("update_id", "endpoint", "kind", "version", "outcome", "summary", "reasons"),
        *("started_at", "ended_at", "serving_config", "plan", "golden", "identity", "timeline"),
        *("reason", "started_by", "waits_for", "drift"),
    }


def test_history_is_a_line_per_update_then_why_some_failed(
    shell: Shell, deployment: Deployment
) -> None:
    deployment.ledger.open_update(
        ended(Outcome.ROLLED_BACK, plan=samples.plan(), reasons=(samples.reason(),))
    )

    said = shell("history", "chat")

    line, why = [line for line in said.out.splitlines() if "2026-01-05" in line]
    assert "v2           " not in said.err
    assert line.split() == ["2026-01-05", "12:00", "v2", "rolling", "RolledBack", "15", "min"]
    assert why.strip() == "2026-01-05 12:00  v2  file: field: is wrong."


@pytest.mark.usefixtures("endpoint")
def test_status_tells_what_serves_what_runs_and_what_was(
    shell: Shell, deployment: Deployment
) -> None:
    deployment.ledger.add_served(
        Served(
            endpoint="chat",
            version="v1",
            config_name=samples.OLD,
            model_name="model-v1",
            update_id="chat-v1",
            at=samples.NOW,
        )
    )
    deployment.ledger.open_update(ended(Outcome.UPDATED, update_id="chat-v1", version="v1"))
    running = samples.update(started_at=samples.later(3600))
    deployment.ledger.open_update(running)
    deployment.ledger.take_claim(
        Claim("chat", running.update_id, running.execution_arn, samples.NOW), "1"
    )

    said = shell("status", "chat", "--json").json

    assert (said["config"], said["version"], said["instances"]) == (samples.OLD, "v1", 4)
    assert said["running"]["update_id"] == running.update_id
    assert said["last"]["outcome"] == "Updated"


@pytest.mark.usefixtures("deployment")
def test_status_of_no_endpoint_says_so(shell: Shell) -> None:
    said = shell("status", "ghost")

    assert said.code == ExitCode.DONE
    assert "the endpoint doesn't exist" in said.out


def test_history_of_an_unknown_endpoint_is_an_empty_array(
    shell: Shell, deployment: Deployment
) -> None:
    assert shell("history", "ghost", "--json").json == []


def test_upload_refuses_a_folder_with_every_reason(
    shell: Shell, deployment: Deployment, tmp_path: Any
) -> None:
    (tmp_path / "config.json").write_text("{}")

    said = shell("upload", str(tmp_path), "--endpoint", "chat", "--version", "v2")

    assert said.code == ExitCode.REJECTED
    assert " 1. " in said.err
    assert " 2. " in said.err
    assert said.out == ""


@pytest.mark.parametrize("said", [("--policy", "mine.yaml"), ("--hotfix", "--reason", "it burns")])
def test_upload_refuses_what_the_endpoints_policy_does_not_let_before_anything_is_sent(
    shell: Shell,
    deployment: Deployment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("approval: {required: false}")
    (tmp_path / "config.json").write_text("{}")
    deployment.s3.put_object(
        Bucket="models", Key="policies/chat.yaml", Body=b"approval: {required: true}"
    )

    told = shell("upload", ".", "--endpoint", "chat", "--version", "v2", *said)

    assert told.code == ExitCode.REJECTED
    assert "was not uploaded for chat as v2" in told.err
    assert "approval" in told.err or "hotfix" in told.err
    listed = deployment.s3.list_objects_v2(Bucket="models")
    assert [each["Key"] for each in listed["Contents"]] == ["policies/chat.yaml"]


def test_the_stacks_word_on_releases_is_read_off_its_parameters(session: boto3.Session) -> None:
    outputs = {"TableName": "ledger", "BucketName": "models", "StateMachineArn": "arn"}
    with (
        serve_stacks({"prod": outputs}, {"ReleasesMay": "alarms, hotfix"}) as url,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)

        found = find_deployment("prod", session)

    assert found.releases_may == ("alarms", "hotfix")


def test_a_request_carries_nothing_that_was_not_asked() -> None:
    assert Request(rollback="chat").model_dump(exclude_defaults=True) == {"rollback": "chat"}
