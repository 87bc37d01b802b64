"""A function calls AWS only within its time limit: no call or retry begins too late."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from pydantic import BaseModel

from switchover import budget
from switchover.aws import clients
from switchover.aws.clients import ATTEMPT_SECONDS, LONGEST_PAUSE_SECONDS, keep_to_budget
from switchover.aws.failures import is_unanswered
from switchover.domain.errors import NoAnswer, Unavailable
from switchover.telemetry import handler

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse


class Wire:
    """The other end of a client: answers every attempt alike, and notes it."""

    def __init__(self, answer: AWSResponse | Exception) -> None:
        self.answer = answer
        self.attempts = 0
        self.client: Any = boto3.client(
            "sagemaker",
            region_name="us-east-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106
            config=Config(retries={"mode": "standard", "total_max_attempts": 2}),
        )
        keep_to_budget(self.client)
        self.client.meta.events.register("before-send", self._send)

    def _send(self, **_: Any) -> AWSResponse:
        self.attempts += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def ask(self) -> Any:
        return self.client.describe_endpoint(EndpointName="vlm")


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that botocore would sleep."""
    slept: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", slept.append)
    return slept


def timed_out() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="https://twin.invalid")


def test_a_call_within_its_time_is_sent() -> None:
    wire = Wire(timed_out())

    with budget.within(60), pytest.raises(ReadTimeoutError):
        wire.ask()

    assert wire.attempts == 2


def test_a_call_whose_time_is_over_is_never_sent() -> None:
    wire = Wire(timed_out())

    with budget.within(0), pytest.raises(NoAnswer, match="DescribeEndpoint was not called"):
        wire.ask()

    assert wire.attempts == 0


def test_a_pause_that_outlasts_the_time_is_not_begun(pauses: list[float]) -> None:
    wire = Wire(timed_out())

    with budget.within(LONGEST_PAUSE_SECONDS - 1), pytest.raises(NoAnswer, match="timeout"):
        wire.ask()

    assert (wire.attempts, pauses) == (1, [])


def test_an_inner_budget_ends_and_gives_the_outer_one_back() -> None:
    with budget.within(60):
        with budget.within(0):
            assert budget.seconds_left() <= 0
        assert 50 < budget.seconds_left() <= 60


def test_an_inner_budget_never_outlasts_the_outer_one() -> None:
    with budget.within(1), budget.within(60):
        assert budget.seconds_left() <= 1


def test_a_budget_ends_with_what_fails_in_it() -> None:
    with pytest.raises(ZeroDivisionError), budget.within(0):
        _ = 1 / 0

    assert budget.seconds_left() == float("inf")


def test_threads_share_the_budget_of_who_started_them() -> None:
    with budget.within(0), ThreadPoolExecutor(1) as pool:
        assert pool.submit(budget.seconds_left).result() <= 0


class Payload(BaseModel):
    """Nothing."""


class Context:
    """Lambda's, with so much time left."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return round(self._seconds * 1000)


def test_calls_begin_while_lambda_still_waits_for_their_answer() -> None:
    seen: list[float] = []
    handle = handler(Payload)(lambda _: {"verdict": str(seen.append(budget.seconds_left()))})

    handle({}, Context(50))

    assert 50 - ATTEMPT_SECONDS - 1 < seen[0] <= 50 - ATTEMPT_SECONDS


def refusal(code: str, status: int = 400) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "DescribeEndpoint",
    )


UNANSWERED = [
    refusal("ThrottlingException"),
    refusal("Throttling"),
    refusal("SlowDown", 503),
    refusal("ProvisionedThroughputExceededException"),
    refusal("TooManyRequestsException", 429),
    refusal("SomethingNew", 429),
    refusal("InternalFailure", 500),
    refusal("ServiceUnavailable", 503),
    timed_out(),
    ConnectTimeoutError(endpoint_url="u"),
    ConnectionClosedError(endpoint_url="u"),
    EndpointConnectionError(endpoint_url="u"),
]
ANSWERED = [
    refusal("ValidationException"),
    refusal("AccessDeniedException", 403),
    refusal("ResourceLimitExceeded"),
    refusal("LimitExceededException"),
    refusal("ConditionalCheckFailedException"),
    NoCredentialsError(),
    ParamValidationError(report="r"),
    Unavailable("not visible yet"),
    ValueError("wrong"),
]


@pytest.mark.parametrize("error", UNANSWERED, ids=str)
def test_what_says_nothing_of_the_question_has_one_name(error: Exception) -> None:
    def fail(_: Payload) -> dict[str, Any]:
        raise error

    with pytest.raises(NoAnswer) as raised:
        handler(Payload)(fail)({}, None)

    assert raised.value.__cause__ is error


@pytest.mark.parametrize("error", ANSWERED, ids=str)
def test_an_answer_keeps_its_own_name(error: Exception) -> None:
    def fail(_: Payload) -> dict[str, Any]:
        raise error

    with pytest.raises(type(error)) as raised:
        handler(Payload)(fail)({}, None)

    assert raised.value is error
    assert not is_unanswered(error)


@pytest.mark.parametrize("service", ["sagemaker", "dynamodb", "cloudwatch"])
def test_a_client_asks_as_long_as_it_is_said(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    config = clients.client.__wrapped__(service).meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": clients.ATTEMPTS}
    assert config.connect_timeout + config.read_timeout < ATTEMPT_SECONDS


def test_each_read_of_s3_at_a_time_has_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    made = clients.client.__wrapped__("s3")

    assert made.meta.config.max_pool_connections >= clients.S3_CONNECTIONS
