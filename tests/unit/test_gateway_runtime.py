"""The model is asked as its users ask it; an error is an answer too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber
from tests.localcloud.staging import Staging

from switchover.aws.runtime import Runtime
from switchover.domain.golden import GoldenRequest
from switchover_local.twin.scenario import Behaviour, LostResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

REQUEST = GoldenRequest.model_validate({"name": "hello", "body": {"prompt": "Hello"}})


@pytest.fixture
def staging() -> Staging:
    return Staging().begin()


@pytest.fixture
def client() -> SageMakerRuntimeClient:
    return boto3.client(
        "sagemaker-runtime",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def stub(client: SageMakerRuntimeClient) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber


def runtime(staging: Staging) -> Runtime:
    return Runtime(staging.twin.client("sagemaker-runtime"))


def test_an_answer_comes_with_its_body_and_the_time_it_took(staging: Staging) -> None:
    answer = runtime(staging).ask("demo", REQUEST)
    assert answer.status == 200
    assert answer.body
    assert answer.latency_us >= 0


def test_a_container_that_fails_is_told_with_its_own_status(staging: Staging) -> None:
    """ModelError carries OriginalStatusCode and OriginalMessage."""
    staging.twin.set_behaviour("*", Behaviour(server_error_rate=1))
    assert runtime(staging).ask("demo", REQUEST).status == 500


def test_an_endpoint_that_is_unknown_is_an_answer(staging: Staging) -> None:
    answer = runtime(staging).ask("nobody", REQUEST)
    assert answer.status == 400
    assert b"nobody" in answer.body


def test_no_answer_at_all_is_status_0(staging: Staging) -> None:
    staging.twin.inject(LostResponse(operation="InvokeEndpoint"))
    assert runtime(staging).ask("demo", REQUEST).status == 0


def test_what_the_container_said_is_kept(client: SageMakerRuntimeClient, stub: Stubber) -> None:
    stub.add_client_error(
        "invoke_endpoint",
        "ModelError",
        "Received server error (500) from primary",
        424,
        modeled_fields={"OriginalStatusCode": 500, "OriginalMessage": "CUDA out of memory"},
    )
    answer = Runtime(client).ask("chat", REQUEST)
    assert (answer.status, answer.body) == (500, b"CUDA out of memory")


def test_types_are_sent_as_the_request_says(client: SageMakerRuntimeClient, stub: Stubber) -> None:
    request = REQUEST.model_copy(update={"content_type": "text/csv", "accept": "text/plain"})
    stub.add_client_error(
        "invoke_endpoint",
        expected_params={
            "EndpointName": "chat",
            "Body": request.body_bytes(),
            "ContentType": "text/csv",
            "Accept": "text/plain",
        },
        http_status_code=503,
    )
    assert Runtime(client).ask("chat", request).status == 503


def test_a_timeout_is_no_answer(client: SageMakerRuntimeClient) -> None:
    def time_out(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://runtime.invalid")

    client.meta.events.register("before-send.*", time_out)
    answer = Runtime(client).ask("chat", REQUEST)
    assert answer.status == 0
    assert b"timeout" in answer.body.lower()
