"""The model itself, asked as its users ask it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
from urllib3.exceptions import HTTPError

from switchover.domain.golden.answers import Answer
from switchover.domain.golden.expectations import LONGEST_ANSWER_SECONDS, LONGEST_STREAM_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sagemaker_runtime.type_defs import InvokeEndpointWithResponseStreamInputTypeDef

    from switchover.domain.golden.questions import GoldenQuestion

_NANOSECONDS_PER_US = 1000
_NANOSECONDS_PER_SECOND = 1_000_000_000
# A stream that breaks off has no status of its own; a container's failure is a 424 (ModelError).
_BROKEN_OFF = 424
# SageMaker ends a request that takes too long by itself; so much later nothing comes any more.
_LONGEST_TRY_NS = (LONGEST_ANSWER_SECONDS + 5) * _NANOSECONDS_PER_SECOND


class Runtime:
    """InvokeEndpoint and InvokeEndpointWithResponseStream. `clock` counts nanoseconds."""

    def __init__(
        self, runtime: SageMakerRuntimeClient, clock: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self._runtime = runtime
        self._clock = clock

    def ask(
        self,
        endpoint: str,
        question: GoldenQuestion,
        within_seconds: float = LONGEST_STREAM_SECONDS,
    ) -> Answer:
        """Send one golden request. No answer and an error status are answers too.

        It is sent once more if nothing came back, or SageMaker throttled it, and there is time. A stream
        is read for `within_seconds` at most.
        """
        until = self._now_in(within_seconds)
        answer, is_throttled = self._try(endpoint, question, until)
        has_time = self._clock() + _LONGEST_TRY_NS < until
        if (answer.status == 0 or is_throttled) and has_time:
            again, _ = self._try(endpoint, question, until)
            return again.model_copy(update={"tries": 2})
        return answer

    def ask_all(
        self,
        endpoint: str,
        questions: Sequence[GoldenQuestion],
        *,
        within_seconds: float,
        warm_up: int = 0,
        at_once: int = 1,
    ) -> tuple[Answer | None, ...]:
        """Send golden requests, so many at once; their answers in their order.

        The first is sent `warm_up` times before, and nobody looks at those answers. None stands for what
        there was no time to ask: nothing is begun that might not end within `within_seconds`.
        """
        until = self._now_in(within_seconds)

        def ask_in_time(question: GoldenQuestion) -> Answer | None:
            if self._clock() + _LONGEST_TRY_NS > until:
                return None
            return self.ask(endpoint, question, (until - self._clock()) / _NANOSECONDS_PER_SECOND)

        for _ in range(warm_up if questions else 0):
            ask_in_time(questions[0])
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            return tuple(pool.map(ask_in_time, questions))

    def _now_in(self, seconds: float) -> int:
        return self._clock() + int(seconds * _NANOSECONDS_PER_SECOND)

    def _try(self, endpoint: str, question: GoldenQuestion, until: int) -> tuple[Answer, bool]:
        """One request: its answer, and whether SageMaker throttled it."""
        began = self._clock()
        try:
            if question.request.stream:
                return self._stream(endpoint, question, began, until), False
            given = self._runtime.invoke_endpoint(**_parameters(endpoint, question))
            body, variant = given["Body"].read(), given.get("InvokedProductionVariant", "")
            return self._answer(200, body, began, variant=variant), False
        except ClientError as error:
            # A container's own error comes as ModelError (424) with what the container said.
            said: dict[str, Any] = dict(error.response)
            status = said.get("OriginalStatusCode") or said["ResponseMetadata"]["HTTPStatusCode"]
            body = str(said.get("OriginalMessage") or error).encode()
            is_throttled = said["Error"].get("Code") == "ThrottlingException"
            return self._answer(status, body, began), is_throttled
        except BotoCoreError as error:
            return self._answer(0, str(error).encode(), began), False

    def _stream(self, endpoint: str, question: GoldenQuestion, began: int, until: int) -> Answer:
        given = self._runtime.invoke_endpoint_with_response_stream(
            **_parameters(endpoint, question)
        )
        parts: list[bytes] = []
        first_token_us, is_cut = None, False
        try:
            for part in _read_parts(given["Body"]):
                first_token_us = self._us_since(began) if first_token_us is None else first_token_us
                parts.append(part)
                if self._clock() > until:
                    is_cut = True
                    break
        except (EventStreamError, HTTPError, ParserError) as error:
            said = f"{b''.join(parts).decode(errors='replace')} … broke off: {error}"
            return self._answer(_BROKEN_OFF, said.encode(), began)
        finally:
            given["Body"].close()
        return self._answer(
            200,
            b"".join(parts),
            began,
            variant=given.get("InvokedProductionVariant", ""),
            first_token_us=first_token_us,
            parts=len(parts),
            is_cut=is_cut,
        )

    def _answer(self, status: int, body: bytes, began: int, **more: Any) -> Answer:
        return Answer(status=status, body=body, latency_us=self._us_since(began), **more)

    def _us_since(self, began: int) -> int:
        return (self._clock() - began) // _NANOSECONDS_PER_US


def _parameters(
    endpoint: str, question: GoldenQuestion
) -> InvokeEndpointWithResponseStreamInputTypeDef:
    request = question.request
    parameters: InvokeEndpointWithResponseStreamInputTypeDef = {
        "EndpointName": endpoint,
        "Body": question.body,
        "ContentType": request.sent_type,
        "Accept": request.accept,
    }
    if request.custom_attributes is not None:
        parameters["CustomAttributes"] = request.custom_attributes
    return parameters


def _read_parts(stream: Any) -> Iterator[bytes]:
    for event in stream:
        part = event.get("PayloadPart", {}).get("Bytes", b"")
        if part:
            yield part
