"""The commands about queues, marks, pins and dry runs, on AWS as moto simulates it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.support.cloudformation_fake import serve_stacks
from tests.support.samples import ENDPOINT, NOW, OLD, later, update

from switchover.aws.ledger import Ledger
from switchover.aws.queue import Queue
from switchover.aws.wishes import Wishes
from switchover.domain.marks import Pin
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Claim, Waiting
from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

WAITS = Waiting(
    endpoint=ENDPOINT,
    update_id="chat-v3-c",
    version="v3",
    offered_at=NOW,
    not_before=later(3600),
    why="its window opens then.",
    queued_by="arn",
)
RELEASE = ("--endpoint", ENDPOINT, "--version", "v2")


@dataclass(frozen=True, slots=True)
class Said:
    code: int
    out: str
    err: str


class Desk:
    """A person's terminal, with the ledger behind it to look at."""

    def __init__(
        self, capsys: pytest.CaptureFixture[str], dynamodb: DynamoDBClient, machine_arn: str
    ) -> None:
        self._capsys = capsys
        self._machine_arn = machine_arn
        self.ledger = Ledger(dynamodb, "ledger")
        self.queue = Queue(dynamodb, "ledger")
        self.wishes = Wishes(dynamodb, "ledger")

    def type(self, *arguments: str) -> Said:
        code = main(arguments)
        printed = self._capsys.readouterr()
        return Said(code, printed.out, printed.err)

    def wait_in_queue(self) -> None:
        self.queue.put(WAITS)
        self.ledger.open_update(
            update(update_id=WAITS.update_id, version="v3", outcome=Outcome.QUEUED)
        )

    @property
    def gone(self) -> str:
        """The ARN of an execution that nobody knows any more."""
        return f"{self._machine_arn.replace(':stateMachine:', ':execution:')}:gone"

    def start_endless(self) -> str:
        """Start an execution that goes on; returns its ARN."""
        states = boto3.client("stepfunctions", region_name="us-east-1")
        started = states.start_execution(stateMachineArn=self._machine_arn, input="{}")
        return str(started["executionArn"])

    def sent(self) -> list[dict[str, Any]]:
        """The input of each execution that was started."""
        states = boto3.client("stepfunctions", region_name="us-east-1")
        started = states.list_executions(stateMachineArn=self._machine_arn)["executions"]
        described = [states.describe_execution(executionArn=e["executionArn"]) for e in started]
        return [json.loads(execution["input"]) for execution in described]


@pytest.fixture
def desk(
    dynamodb: DynamoDBClient,
    s3: S3Client,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    monkeypatch.setenv("COLUMNS", "120")
    machine = boto3.client("stepfunctions", region_name="us-east-1").create_state_machine(
        name="update",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn="arn:aws:iam::000000000000:role/machine",
    )["stateMachineArn"]
    outputs = {"TableName": "ledger", "BucketName": "models", "StateMachineArn": machine}
    with serve_stacks({"switchover": outputs}) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        yield Desk(capsys, dynamodb, machine)


@pytest.fixture
def endpoint(desk: Desk) -> None:
    """An endpoint at rest."""
    sagemaker = boto3.client("sagemaker", region_name="us-east-1")
    sagemaker.create_model(
        ModelName="m",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/model",
        PrimaryContainer={"Image": "vllm"},
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=OLD,
        ProductionVariants=[
            {"VariantName": "main", "ModelName": "m", "InstanceType": "ml.m5.xlarge"}
        ],
    )
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=OLD)


def test_the_queue_shows_who_runs_who_waits_until_when_and_why(desk: Desk) -> None:
    desk.ledger.take_claim(Claim(ENDPOINT, "chat-v2-b", "arn", NOW), "1")
    desk.wishes.set_pin(Pin(endpoint=ENDPOINT, version="v3", reason="an audit", at=NOW))
    desk.wait_in_queue()

    said = desk.type("queue", ENDPOINT)

    running, pinned, _, name, why = said.out.splitlines()
    assert said.code == ExitCode.DONE
    assert running == "Running: chat-v2-b"
    assert pinned == "Pinned to v3: an audit"
    assert name.split() == ["v3", "chat-v3-c"]
    assert why == (
        "offered 2026-01-05 12:00 UTC, starts not before 2026-01-05 13:00 UTC: its window opens then."
    )


def test_an_endpoint_that_an_ended_update_still_holds_says_why(desk: Desk) -> None:
    ended = desk.ledger.open_update(update(outcome=Outcome.NEEDS_OPERATOR))
    desk.ledger.take_claim(Claim(ENDPOINT, ended.update_id, "arn", NOW), "1")

    said = desk.type("queue", ENDPOINT)

    told = f"Ended; its changes are restored after SageMaker has settled: {ended.update_id}"
    assert said.out.splitlines() == [told, "No update waits for chat."]


def test_an_empty_queue_says_so(desk: Desk) -> None:
    assert desk.type("queue", ENDPOINT).out == "No update waits for chat.\n"


def test_the_queue_is_told_to_machines_whole(desk: Desk) -> None:
    desk.wait_in_queue()

    told = json.loads(desk.type("queue", ENDPOINT, "--json").out)

    assert (told["running"], told["pinned_to"]) == (None, None)
    assert [one["update_id"] for one in told["waiting"]] == ["chat-v3-c"]


def test_cancel_asks_for_the_end_of_one_that_waits(desk: Desk) -> None:
    desk.wait_in_queue()

    said = desk.type("cancel", ENDPOINT, "chat-v3-c", "--reason", "wrong file")

    assert said.out == "chat-v3-c is being removed from the queue; it ends as Rejected.\n"
    assert desk.sent() == [{"cancel": "chat-v3-c", "reason": "wrong file"}]


@pytest.mark.parametrize(
    ("endpoint_name", "outcome"), [(ENDPOINT, None), (ENDPOINT, "Updated"), ("other", "Queued")]
)
def test_what_does_not_wait_there_cannot_be_cancelled(
    desk: Desk, endpoint_name: str, outcome: str | None
) -> None:
    desk.ledger.open_update(update(update_id="chat-v3-c", outcome=outcome and Outcome(outcome)))

    said = desk.type("cancel", endpoint_name, "chat-v3-c", "--reason", "wrong file")

    assert said.code == ExitCode.USAGE
    assert f"switchover queue {endpoint_name}" in said.err
    assert desk.sent() == []


def test_a_mark_is_made_with_its_reason_and_taken_off(desk: Desk) -> None:
    desk.ledger.open_update(update(version="v2"))
    made = desk.type("release", "mark-bad", ENDPOINT, "v2", "--reason", "answers in French")
    mark = desk.wishes.mark(ENDPOINT, "v2")
    gone = desk.type("release", "unmark", ENDPOINT, "v2")

    assert mark is not None
    assert (mark.reason, mark.update_id) == ("answers in French", "")
    assert desk.wishes.mark(ENDPOINT, "v2") is None
    assert (made.out, gone.out) == ("v2 is marked bad for chat.\n", "v2 is not marked for chat.\n")


def test_a_pin_is_set_with_its_reason_and_freed(desk: Desk) -> None:
    desk.ledger.open_update(update(version="v1"))
    made = desk.type("pin", ENDPOINT, "v1", "--reason", "an audit")
    pin = desk.wishes.pin(ENDPOINT)
    gone = desk.type("unpin", ENDPOINT)

    assert pin is not None
    assert (pin.version, pin.reason) == ("v1", "an audit")
    assert desk.wishes.pin(ENDPOINT) is None
    assert (made.out, gone.out) == ("chat is pinned to v1.\n", "chat is not pinned.\n")


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    "arguments",
    [
        ("pin", ENDPOINT, "v1"),
        ("release", "mark-bad", ENDPOINT, "v2"),
        ("start", *RELEASE, "--now"),
    ],
)
def test_what_overrides_the_usual_course_must_say_why(
    desk: Desk, arguments: tuple[str, ...]
) -> None:
    said = desk.type(*arguments)

    assert said.code == ExitCode.USAGE
    assert "reason" in said.err
    assert desk.sent() == []


def test_a_start_that_skips_the_window_says_so_and_why(desk: Desk) -> None:
    said = desk.type("start", *RELEASE, "--now", "--reason", "a customer waits")

    assert said.code == ExitCode.DONE
    assert desk.sent() == [
        {
            "release": "s3://models/releases/chat/v2/release.json",
            "now": True,
            "reason": "a customer waits",
        }
    ]


@pytest.fixture
def unreadable(desk: Desk, dynamodb: DynamoDBClient) -> str:
    """An update that holds the claim, whose execution is gone, and whose record nothing reads."""
    opened = desk.ledger.open_update(update(update_id="chat-v2-lost"))
    desk.ledger.open_update(update(update_id="chat-v1-old", started_at=NOW - timedelta(days=1)))
    desk.ledger.take_claim(Claim(ENDPOINT, opened.update_id, desk.gone, NOW), "1")
    dynamodb.update_item(
        TableName="ledger",
        Key={"pk": {"S": f"update#{opened.update_id}"}, "sk": {"S": "update"}},
        UpdateExpression="SET body = :body",
        ExpressionAttributeValues={":body": {"S": "[" * 300}},
    )
    return opened.update_id


@pytest.mark.parametrize(
    "command",
    [("history", ENDPOINT), ("status", ENDPOINT), ("queue", ENDPOINT), ("explain", ENDPOINT)],
    ids=lambda command: command[0],
)
def test_what_cannot_be_read_is_shown_as_such(
    desk: Desk, endpoint: None, unreadable: str, command: tuple[str, ...]
) -> None:
    said = desk.type(*command)

    assert said.code == ExitCode.DONE
    assert "can't be read" in said.out


def test_an_unreadable_update_hides_no_other_one(desk: Desk, unreadable: str) -> None:
    told = json.loads(desk.type("history", ENDPOINT, "--json").out)

    assert [each["update_id"] for each in told] == [unreadable, "chat-v1-old"]
    assert [reason["code"] for reason in told[0]["reasons"]] == ["update.unreadable"]
    assert told[0]["outcome"] == "NeedsOperator"


def test_the_queue_names_what_cannot_be_read_for_machines(desk: Desk, unreadable: str) -> None:
    told = json.loads(desk.type("queue", ENDPOINT, "--json").out)

    assert (told["unreadable"], told["running"], told["to_finish"]) == (unreadable, None, None)


def test_an_update_that_cannot_be_read_is_not_aborted(desk: Desk, unreadable: str) -> None:
    said = desk.type("abort", ENDPOINT, "--reason", "stuck")

    assert said.code != ExitCode.DONE
    assert "switchover unclaim chat" in said.err


def test_unclaim_recovers_the_update_and_tells_what_is_left_to_look_at(
    desk: Desk, unreadable: str
) -> None:
    said = desk.type("unclaim", ENDPOINT, "--reason", "its record is lost")

    [sent] = desk.sent()
    assert said.code == ExitCode.DONE
    assert sent["recover"] == unreadable
    assert sent["reason"].startswith("its record is lost (arn:aws:sts::")
    assert "autoscaling" in said.out


def test_unclaim_tells_machines_too(desk: Desk, unreadable: str) -> None:
    told = json.loads(desk.type("unclaim", ENDPOINT, "--reason", "lost", "--json").out)

    assert (told["update_id"], told["was_readable"]) == (unreadable, False)
    assert len(told["to_check"]) == 3


def test_unclaim_frees_an_endpoint_whose_update_the_ledger_lost(desk: Desk) -> None:
    desk.ledger.take_claim(Claim(ENDPOINT, "chat-v2-none", desk.gone, NOW), "1")

    desk.type("unclaim", ENDPOINT, "--reason", "lost")

    assert desk.ledger.claim(ENDPOINT) is None
    assert desk.sent() == []


def test_unclaim_leaves_a_running_update_alone(desk: Desk) -> None:
    running = desk.start_endless()
    desk.ledger.take_claim(Claim(ENDPOINT, "chat-v2-b", running, NOW), "1")

    said = desk.type("unclaim", ENDPOINT, "--reason", "impatience")

    assert said.code == ExitCode.USAGE
    assert "still runs" in said.err
    assert desk.ledger.claim(ENDPOINT) is not None


def test_unclaim_of_a_free_endpoint_has_nothing_to_do(desk: Desk) -> None:
    said = desk.type("unclaim", ENDPOINT, "--reason", "caution")

    assert said.code == ExitCode.USAGE
    assert "No update holds the claim of chat" in said.err
