"""Sends requests to the model in the same way as its users."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.eventstream import ParserError
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError
from urllib3.exceptions import HTTPError, ReadTimeoutError

from switchover.domain.golden.answers import Answer
from switchover.domain.golden.expectations import LONGEST_ANSWER_SECONDS, LONGEST_STREAM_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from mypy_boto3_sagemaker_runtime.type_defs import InvokeEndpointWithResponseStreamInputTypeDef

    from switchover.domain.golden.questions import GoldenQuestion

_US_PER_SECOND = 1_000_000
_NANOSECONDS_PER_US = 1000
_NANOSECONDS_PER_SECOND = 1_000_000_000
# A container that breaks off, or is silent for too long, sends no status (a timeout was reported as
# status 0). Then there is only SageMaker's ModelError.
_MODEL_ERROR = 424
# SageMaker itself ends a request that takes too long. After this time no answer comes any more ("the
# SDK socket timeout should be set to be 70 seconds", API Reference, InvokeEndpoint).
_LONGEST_TRY_NS = (LONGEST_ANSWER_SECONDS + 10) * _NANOSECONDS_PER_SECOND
# SageMaker accepts requests of 25 MB and documents no limit for answers. A function of 512 MB holds
# all answers until the last one has arrived.
_ANSWER_LIMIT_BYTES = 6_000_000
_ANSWERS_LIMIT_BYTES = 100_000_000


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
        at_most_bytes: int = _ANSWER_LIMIT_BYTES,
    ) -> Answer:
        """Send one golden request. A missing answer and an error status are results too.

        The request is sent once more if no answer of the container came and time is left. A stream is
        read for at most `within_seconds`, and any answer to at most `at_most_bytes`.
        """
        until = self._now_in(within_seconds)
        answer = self._try(endpoint, question, until, at_most_bytes)
        if answer.status == 0 and self._clock() + _LONGEST_TRY_NS < until:
            again = self._try(endpoint, question, until, at_most_bytes)
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
        """Send golden requests, several in parallel; return the answers in the requests' order.

        Before that, the first request is sent `warm_up` times, and these answers are ignored. None
        means that no time was left: a request begins only if it ends within `within_seconds` for
        certain.
        """
        until = self._now_in(within_seconds)
        room = min(_ANSWER_LIMIT_BYTES, _ANSWERS_LIMIT_BYTES // max(1, len(questions)))

        def ask_in_time(question: GoldenQuestion) -> Answer | None:
            left_ns = until - self._clock()
            if left_ns < _LONGEST_TRY_NS:
                return None
            return self.ask(endpoint, question, left_ns / _NANOSECONDS_PER_SECOND, room)

        for _ in range(warm_up if questions else 0):
            ask_in_time(questions[0])
        with ThreadPoolExecutor(max_workers=at_once) as pool:
            return tuple(pool.map(ask_in_time, questions))

    def _now_in(self, seconds: float) -> int:
        return self._clock() + int(seconds * _NANOSECONDS_PER_SECOND)

    def _try(
        self, endpoint: str, question: GoldenQuestion, until: int, at_most_bytes: int
    ) -> Answer:
        began = self._clock()
        try:
            if question.request.stream:
                return self._stream(endpoint, question, began, until, at_most_bytes)
            given = self._runtime.invoke_endpoint(**_parameters(endpoint, question))
            body = given["Body"].read(at_most_bytes)
            # Only by reading on does botocore notice an answer that the network cut off.
            is_longer = bool(given["Body"].read(1))
            return self._answer(
                200,
                body,
                began,
                variant=given.get("InvokedProductionVariant", ""),
                cut_short=_too_long(at_most_bytes) if is_longer else "",
            )
        except ClientError as error:
            return self._failed(error, began)
        except (BotoCoreError, HTTPError, ParserError) as error:
            return self._answer(0, str(error).encode(), began)

    def _stream(
        self,
        endpoint: str,
        question: GoldenQuestion,
        began: int,
        until: int,
        at_most_bytes: int,
    ) -> Answer:
        given = self._runtime.invoke_endpoint_with_response_stream(
            **_parameters(endpoint, question)
        )
        parts: list[bytes] = []
        first_token_us, cut_short, read_bytes = None, "", 0
        try:
            for part in _read_parts(given["Body"]):
                first_token_us = self._us_since(began) if first_token_us is None else first_token_us
                parts.append(part)
                read_bytes += len(part)
                if self._clock() > until:
                    cut_short = (
                        f"had not ended after {self._us_since(began) / _US_PER_SECOND:.1f} s"
                    )
                    break
                if read_bytes > at_most_bytes:
                    cut_short = _too_long(at_most_bytes)
                    break
        except (EventStreamError, ReadTimeoutError) as error:
            if not _is_of_model(error):
                raise
            said = f"{b''.join(parts).decode(errors='replace')} … broke off: {error}"
            return self._answer(_MODEL_ERROR, said.encode(), began)
        finally:
            given["Body"].close()
        return self._answer(
            200,
            b"".join(parts),
            began,
            variant=given.get("InvokedProductionVariant", ""),
            first_token_us=first_token_us,
            parts=len(parts),
            cut_short=cut_short,
        )

    def _failed(self, error: ClientError, began: int) -> Answer:
        """Turn an error into a result. A container's own error comes as ModelError, with its text."""
        said: dict[str, Any] = dict(error.response)
        if said["Error"].get("Code") == "ModelError":
            status = said.get("OriginalStatusCode") or _MODEL_ERROR
            return self._answer(status, str(said.get("OriginalMessage") or error).encode(), began)
        is_outage = (
            said["Error"].get("Code") == "InternalStreamFailure"
            or said.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
        )
        return self._answer(0, str(error).encode(), began, is_outage=is_outage)

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
    if question.container is not None:
        parameters["TargetContainerHostname"] = question.container
    if request.custom_attributes is not None:
        parameters["CustomAttributes"] = request.custom_attributes
    return parameters


def _is_of_model(error: EventStreamError | ReadTimeoutError) -> bool:
    """Whether the container ended the stream early, and not SageMaker: it stopped or was silent."""
    if isinstance(error, ReadTimeoutError):
        return True
    return bool(error.response["Error"]["Code"] == "ModelStreamError")


def _too_long(limit_bytes: int) -> str:
    return f"is longer than {limit_bytes / 1_000_000:.1f} MB; the rest was not read"


def _read_parts(stream: Any) -> Iterator[bytes]:
    for event in stream:
        part = event.get("PayloadPart", {}).get("Bytes", b"")
        if part:
            yield part
