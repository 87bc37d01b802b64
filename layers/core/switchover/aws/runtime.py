"""The model itself, asked as its users ask it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from switchover.domain.golden import Answer, GoldenRequest

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_NANOSECONDS_PER_US = 1000


class Runtime:
    """InvokeEndpoint."""

    def __init__(self, runtime: SageMakerRuntimeClient) -> None:
        self._runtime = runtime

    def ask(self, endpoint: str, request: GoldenRequest) -> Answer:
        """Send one golden request. No answer and an error status are answers too."""
        began = time.perf_counter_ns()
        try:
            answered = self._runtime.invoke_endpoint(
                EndpointName=endpoint,
                Body=request.body_bytes(),
                ContentType=request.content_type,
                Accept=request.accept,
            )
            status, body = 200, answered["Body"].read()
        except ClientError as error:
            # A container's own error comes as ModelError (424) with what the container said.
            said: dict[str, Any] = dict(error.response)
            status = said.get("OriginalStatusCode") or said["ResponseMetadata"]["HTTPStatusCode"]
            body = str(said.get("OriginalMessage") or error).encode()
        except BotoCoreError as error:
            status, body = 0, str(error).encode()
        latency_us = (time.perf_counter_ns() - began) // _NANOSECONDS_PER_US
        return Answer(status=status, body=body, latency_us=latency_us)
