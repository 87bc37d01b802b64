"""The twin over a socket: botocore's waiters, the aws CLI, and a lost answer."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ResponseStreamingError,
    WaiterError,
)
from tests.support.serving import serve_twin
from tests.support.staging import HARDWARE, ROLE

from switchover_local.twin.paced_clock import PacedClock
from switchover_local.twin.scenario import Behaviour, LostResponse, Scenario, Timings
from switchover_local.twin.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Iterator

# An hour of AWS in a third of a second.
SPEED = 10_000
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@pytest.fixture
def twin() -> Twin:
    clock = PacedClock(datetime(2026, 1, 5, 12, 0, tzinfo=UTC), SPEED)
    return Twin(clock, Scenario(timings=Timings(reply_hold_cap_seconds=0.2)))


@pytest.fixture
def url(twin: Twin) -> Iterator[str]:
    with serve_twin(twin) as address:
        yield address


def _client(service: str, url: str) -> Any:
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=url,
        region_name="us-east-1",
        config=once,
        **CREDENTIALS,
    )


def _create_endpoint(sagemaker: Any) -> None:
    for version in ("v1", "v2"):
        sagemaker.create_model(
            ModelName=f"model-{version}",
            PrimaryContainer={"Image": "vllm", "ModelDataUrl": f"s3://models/{version}/m.tar.gz"},
            ExecutionRoleArn=ROLE,
        )
        sagemaker.create_endpoint_config(
            EndpointConfigName=f"config-{version}",
            ProductionVariants=[
                {
                    "VariantName": "main",
                    "ModelName": f"model-{version}",
                    "InitialInstanceCount": 2,
                    "InstanceType": HARDWARE,
                }
            ],
        )
    sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")


def _wait(sagemaker: Any, waiter: str) -> None:
    config = {"Delay": 0.05, "MaxAttempts": 100}
    sagemaker.get_waiter(waiter).wait(EndpointName="demo", WaiterConfig=config)


def test_botocores_waiters_see_an_endpoint_come_and_go(url: str) -> None:
    sagemaker = _client("sagemaker", url)
    _create_endpoint(sagemaker)

    _wait(sagemaker, "endpoint_in_service")
    sagemaker.update_endpoint(EndpointName="demo", EndpointConfigName="config-v2")
    _wait(sagemaker, "endpoint_in_service")
    serving = sagemaker.describe_endpoint(EndpointName="demo")["EndpointConfigName"]
    sagemaker.delete_endpoint(EndpointName="demo")
    _wait(sagemaker, "endpoint_deleted")

    assert serving == "config-v2"
    assert sagemaker.list_endpoints()["Endpoints"] == []


def test_a_waiter_gives_up_on_a_failed_endpoint(twin: Twin, url: str) -> None:
    sagemaker = _client("sagemaker", url)
    twin.set_behaviour("*", Behaviour(unhealthy_from_instance=1))
    _create_endpoint(sagemaker)

    with pytest.raises(WaiterError, match="Failed"):
        _wait(sagemaker, "endpoint_in_service")


def test_an_answer_over_http_takes_as_long_as_the_model_up_to_the_cap(url: str) -> None:
    sagemaker, runtime = _client("sagemaker", url), _client("sagemaker-runtime", url)
    _create_endpoint(sagemaker)
    _wait(sagemaker, "endpoint_in_service")
    began = time.monotonic()

    answer = runtime.invoke_endpoint(EndpointName="demo", Body=b"{}")

    assert time.monotonic() - began >= 0.2
    assert json.loads(answer["Body"].read())["object"] == "chat.completion"


def test_a_stream_is_read_over_http(url: str) -> None:
    sagemaker, runtime = _client("sagemaker", url), _client("sagemaker-runtime", url)
    _create_endpoint(sagemaker)
    _wait(sagemaker, "endpoint_in_service")

    answer = runtime.invoke_endpoint_with_response_stream(EndpointName="demo", Body=b"{}")

    parts = [event["PayloadPart"]["Bytes"] for event in answer["Body"]]
    assert parts[-1] == b"data: [DONE]\n\n"


def test_the_date_of_an_answer_is_virtual_and_the_only_one(url: str) -> None:
    answer = _client("sagemaker", url).list_models()

    date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]

    assert date.startswith("Mon, 05 Jan 2026")
    assert date.count("GMT") == 1


def test_a_lost_response_ends_the_connection_after_the_work(twin: Twin, url: str) -> None:
    sagemaker = _client("sagemaker", url)
    twin.inject(LostResponse(operation="CreateModel"))

    with pytest.raises((ConnectionClosedError, ResponseStreamingError)):
        _create_endpoint(sagemaker)

    assert [m["ModelName"] for m in sagemaker.list_models()["Models"]] == ["model-v1"]


@pytest.mark.parametrize("mebibytes", [26, 40])
def test_a_body_that_is_too_long_is_answered_and_the_next_one_too(url: str, mebibytes: int) -> None:
    sagemaker, runtime = _client("sagemaker", url), _client("sagemaker-runtime", url)
    _create_endpoint(sagemaker)
    _wait(sagemaker, "endpoint_in_service")

    with pytest.raises(ClientError, match="HTTP content length exceeded") as refused:
        runtime.invoke_endpoint(EndpointName="demo", Body=bytes(mebibytes * 1_048_576))

    assert refused.value.response["Error"]["Code"] == "413"
    assert runtime.invoke_endpoint(EndpointName="demo", Body=b"{}")["ContentType"]


def test_the_aws_cli_is_answered_too(url: str) -> None:
    aws = Path(sys.executable).parent / "aws"

    done = subprocess.run(  # noqa: S603 - our own aws, our own arguments
        [aws, "sagemaker", "describe-endpoint", "--endpoint-name", "demo", "--endpoint-url", url],
        capture_output=True,
        text=True,
        check=False,
        env={
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PATH": str(aws.parent),
        },
    )

    assert "ValidationException" in done.stderr
    assert 'Could not find endpoint "arn:aws:sagemaker:us-east-1' in done.stderr
