"""The model gets requests like those of its users; an error is an answer too."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import EventStreamError, ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import Stubber
from tests.support.golden_samples import question
from tests.support.serving import serve_twin
from tests.support.staging import Staging
from tests.support.template_parts import functions
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import ReadTimeoutError as UrllibReadTimeout

from switchover.aws.runtime import Runtime
from switchover.domain.golden.answers import measure_speed, read_text
from switchover.steps.test_model import ASKING_SECONDS
from switchover_local.twin.scenario import Behaviour, LostResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

ASKED = question(body={"prompt": "Hello"})
STREAMED = question(chat={"prompt": "Hello"}, stream=True)
SECOND = 1_000_000_000


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


@dataclass
class Ticking:
    """A clock that advances by a fixed time at each look."""

    step_seconds: float
    now: int = 0

    def __call__(self) -> int:
        self.now += int(self.step_seconds * SECOND)
        return self.now


@dataclass
class Parts:
    """An event stream; an error among its parts is raised in its place."""

    parts: list[bytes | Exception]
    is_closed: bool = False

    def __iter__(self) -> Iterator[dict[str, dict[str, bytes]]]:
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            yield {"PayloadPart": {"Bytes": part}}

    def close(self) -> None:
        self.is_closed = True


@dataclass
class StreamingClient:
    """A SageMaker Runtime that streams prepared parts."""

    body: Parts
    asked: list[dict[str, object]] = field(default_factory=list)

    def invoke_endpoint_with_response_stream(self, **parameters: object) -> dict[str, object]:
        """Answers with the prepared stream."""
        self.asked.append(parameters)
        return {"Body": self.body, "InvokedProductionVariant": "main"}


def streaming(body: Parts, step_seconds: float = 0) -> Runtime:
    client = StreamingClient(body)
    return Runtime(client, Ticking(step_seconds))  # type: ignore[arg-type]


def test_an_answer_comes_with_its_body_variant_and_the_time_it_took(staging: Staging) -> None:
    answer = runtime(staging).ask("demo", ASKED)
    assert (answer.status, answer.variant, answer.tries) == (200, "main", 1)
    assert answer.body
    assert answer.latency_us > 0


def test_a_chat_with_an_image_is_answered(staging: Staging) -> None:
    staging.twin.set_behaviour("*", Behaviour(reply="It says STOP."))
    asked = question({"sign.png": b"PNG"}, chat={"prompt": "Read it", "images": ["sign.png"]})
    assert read_text(runtime(staging).ask("demo", asked), None) == "It says STOP."


def test_a_raw_payload_is_answered(staging: Staging) -> None:
    asked = question({"sign.png": b"\x89PNG"}, body_file="sign.png", custom_attributes="trace=1")
    assert runtime(staging).ask("demo", asked).status == 200


def test_a_stream_is_read_to_its_end_and_its_parts_are_counted(staging: Staging) -> None:
    staging.twin.set_behaviour("*", Behaviour(reply="It says STOP."))
    answer = runtime(staging).ask("demo", STREAMED)
    assert read_text(answer, None) == "It says STOP."
    assert answer.parts == 5
    assert answer.first_token_us is not None
    assert 0 < answer.first_token_us <= answer.latency_us


def test_a_stream_whose_container_fails_is_told_with_its_own_status(staging: Staging) -> None:
    staging.twin.set_behaviour("*", Behaviour(server_error_rate=1))
    assert runtime(staging).ask("demo", STREAMED).status == 500


def test_the_first_token_is_the_first_part_that_holds_anything() -> None:
    """Each look at the clock takes a second: begin, first part, after each part, end."""
    body = Parts([b"", b"a", b"b"])
    answer = streaming(body, step_seconds=1).ask("chat", STREAMED)
    assert answer.first_token_us is not None
    assert answer.first_token_us < answer.latency_us
    assert (answer.body, answer.parts, body.is_closed) == (b"ab", 2, True)


def test_a_stream_that_breaks_off_is_a_failure_of_the_model_and_is_not_asked_again() -> None:
    broken = EventStreamError(
        {"Error": {"Code": "ModelStreamError", "Message": "StreamBroken"}},
        "InvokeEndpointWithResponseStream",
    )
    answer = streaming(Parts([b"The sign", broken])).ask("chat", STREAMED)
    assert (answer.status, answer.tries) == (424, 1)
    assert answer.text.startswith("The sign … broke off:")
    assert "StreamBroken" in answer.text


def test_a_stream_that_falls_silent_is_a_failure_of_the_model() -> None:
    silent = UrllibReadTimeout(None, "https://runtime.invalid", "Read timed out.")  # type: ignore[arg-type]
    answer = streaming(Parts([b"The sign", silent])).ask("chat", STREAMED)
    assert (answer.status, answer.tries) == (424, 1)


@pytest.mark.parametrize(
    "fault",
    [
        EventStreamError(
            {"Error": {"Code": "InternalStreamFailure", "Message": "Try again"}},
            "InvokeEndpointWithResponseStream",
        ),
        ProtocolError("Connection broken"),
        ChecksumMismatch(1, 2),
    ],
    ids=["sagemaker", "network", "garbled"],
)
def test_a_stream_that_breaks_on_its_way_is_asked_for_once_more(fault: Exception) -> None:
    answer = streaming(Parts([b"The sign", fault])).ask("chat", STREAMED)
    assert (answer.status, answer.tries) == (0, 2)


def test_an_answer_is_read_no_further_than_can_be_held() -> None:
    """All answers of a run are held at once: 100 MB of them, and 6 MB of each."""
    asker = streaming(Parts([b"x" * 300_000] * 100))
    answers = asker.ask_all("chat", [STREAMED] * 200, within_seconds=100)
    assert sum(len(answer.body) for answer in answers if answer) < 200_000_000
    assert answers[0] is not None
    assert answers[0].cut_short == "is longer than 0.5 MB; the rest was not read"


def test_an_answer_that_the_network_cuts_off_is_asked_for_once_more(
    client: SageMakerRuntimeClient, stub: Stubber
) -> None:
    for _ in range(2):
        half = StreamingBody(BytesIO(b'{"half": '), content_length=100)
        stub.add_response("invoke_endpoint", {"Body": half})
    answer = Runtime(client).ask("chat", ASKED)
    assert (answer.status, answer.tries) == (0, 2)


def test_a_plain_answer_is_read_no_further_than_can_be_held(staging: Staging) -> None:
    staging.twin.set_behaviour("*", Behaviour(reply="la " * 1000))
    answer = runtime(staging).ask("demo", ASKED, at_most_bytes=1000)
    assert len(answer.body) == 1000
    assert answer.cut_short


def test_a_stream_without_end_is_cut_when_its_time_is_over() -> None:
    body = Parts([b"la "] * 1000)
    answer = streaming(body, step_seconds=1).ask("chat", STREAMED, within_seconds=10)
    assert answer.cut_short.startswith("had not ended after 1")
    assert answer.parts is not None
    assert answer.parts < 12
    assert body.is_closed


def test_a_container_that_fails_is_told_with_its_own_status(staging: Staging) -> None:
    """ModelError carries OriginalStatusCode and OriginalMessage."""
    staging.twin.set_behaviour("*", Behaviour(server_error_rate=1))
    answer = runtime(staging).ask("demo", ASKED)
    assert (answer.status, answer.tries) == (500, 1)


def test_what_sagemaker_refuses_is_no_containers_answer(staging: Staging) -> None:
    answer = runtime(staging).ask("nobody", ASKED)
    assert (answer.status, answer.is_outage) == (0, False)
    assert b"nobody" in answer.body


def test_what_fails_within_sagemaker_is_an_outage(
    client: SageMakerRuntimeClient, stub: Stubber
) -> None:
    for _ in range(2):
        stub.add_client_error("invoke_endpoint", "ServiceUnavailable", http_status_code=503)
    answer = Runtime(client).ask("chat", ASKED)
    assert (answer.status, answer.is_outage, answer.tries) == (0, True, 2)
    stub.assert_no_pending_responses()


def test_a_container_that_never_answers_is_a_failure_of_the_model(
    client: SageMakerRuntimeClient, stub: Stubber
) -> None:
    """Reported of AWS: `Received server error (0) from primary … Your invocation timed out`."""
    stub.add_client_error(
        "invoke_endpoint",
        "ModelError",
        "Your invocation timed out",
        424,
        modeled_fields={"OriginalStatusCode": 0},
    )
    answer = Runtime(client).ask("chat", ASKED)
    assert (answer.status, answer.tries) == (424, 1)
    assert "timed out" in answer.text


def test_a_lost_answer_is_asked_for_once_more_and_that_is_said(staging: Staging) -> None:
    staging.twin.inject(LostResponse(operation="InvokeEndpoint"))
    answer = runtime(staging).ask("demo", ASKED)
    assert (answer.status, answer.tries) == (200, 2)


def test_no_answer_at_all_is_status_0(staging: Staging) -> None:
    staging.twin.inject(LostResponse(operation="InvokeEndpoint"))
    staging.twin.inject(LostResponse(operation="InvokeEndpoint"))
    answer = runtime(staging).ask("demo", ASKED)
    assert (answer.status, answer.tries) == (0, 2)


def test_a_lost_answer_is_not_asked_for_again_without_time(staging: Staging) -> None:
    staging.twin.inject(LostResponse(operation="InvokeEndpoint"))
    answer = runtime(staging).ask("demo", ASKED, within_seconds=60)
    assert (answer.status, answer.tries) == (0, 1)


def test_a_throttled_request_is_asked_once_more(
    client: SageMakerRuntimeClient, stub: Stubber
) -> None:
    for _ in range(2):
        stub.add_client_error("invoke_endpoint", "ThrottlingException", http_status_code=400)
    assert Runtime(client).ask("chat", ASKED).tries == 2
    stub.assert_no_pending_responses()


def test_what_the_container_said_is_kept(client: SageMakerRuntimeClient, stub: Stubber) -> None:
    stub.add_client_error(
        "invoke_endpoint",
        "ModelError",
        "Received server error (500) from primary",
        424,
        modeled_fields={"OriginalStatusCode": 500, "OriginalMessage": "CUDA out of memory"},
    )
    answer = Runtime(client).ask("chat", ASKED)
    assert (answer.status, answer.body) == (500, b"CUDA out of memory")


def test_types_and_attributes_are_sent_as_the_request_says(
    client: SageMakerRuntimeClient, stub: Stubber
) -> None:
    asked = question(
        body="1,2", content_type="text/csv", accept="text/plain", custom_attributes="a=b"
    )
    stub.add_client_error(
        "invoke_endpoint",
        expected_params={
            "EndpointName": "chat",
            "Body": b"1,2",
            "ContentType": "text/csv",
            "Accept": "text/plain",
            "CustomAttributes": "a=b",
        },
        service_error_code="ModelError",
        http_status_code=424,
    )
    assert Runtime(client).ask("chat", asked).status == 424


def test_a_timeout_is_no_answer(client: SageMakerRuntimeClient) -> None:
    def time_out(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://runtime.invalid")

    client.meta.events.register("before-send.*", time_out)
    answer = Runtime(client).ask("chat", ASKED)
    assert answer.status == 0
    assert b"timeout" in answer.body.lower()


def test_many_are_asked_at_once_and_answered_in_their_order(staging: Staging) -> None:
    questions = [ASKED, STREAMED, ASKED]
    answers = runtime(staging).ask_all("demo", questions, within_seconds=100, at_once=3)
    assert [answer and answer.parts is not None for answer in answers] == [False, True, False]


def test_warming_up_asks_the_first_request_and_its_answers_are_nobodys(staging: Staging) -> None:
    """A fault in the warm-up doesn't count against the model: first answers may fail."""
    staging.twin.inject(LostResponse(operation="InvokeEndpoint"))
    staging.twin.inject(LostResponse(operation="InvokeEndpoint"))
    [answer] = runtime(staging).ask_all("demo", [ASKED], within_seconds=100, warm_up=1)
    assert answer is not None
    assert (answer.status, answer.tries) == (200, 1)


def test_what_could_not_end_in_time_is_not_begun() -> None:
    """A second passes at each look at the clock; an answer may take 65."""
    body = Parts([b"a"])
    asker = streaming(body, step_seconds=1)
    answers = asker.ask_all("chat", [STREAMED] * 9, within_seconds=75)
    assert answers[0] is not None
    assert answers[-1] is None


def test_nothing_is_asked_if_there_is_nothing_to_ask(staging: Staging) -> None:
    assert runtime(staging).ask_all("demo", [], within_seconds=9, warm_up=1) == ()


def test_the_twins_usage_tells_the_speed(staging: Staging) -> None:
    speed = measure_speed(runtime(staging).ask("demo", ASKED))
    assert speed is not None
    assert speed.counts == "usage"


def test_a_stream_is_read_over_a_socket_as_it_is_in_process(staging: Staging) -> None:
    staging.twin.set_behaviour("*", Behaviour(reply="It says STOP.", latency_us=1000))
    with serve_twin(staging.twin) as url:
        client = boto3.client(
            "sagemaker-runtime",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106
        )
        answer = Runtime(client).ask("demo", STREAMED)
        client.close()
    assert (answer.status, answer.parts) == (200, 5)
    assert read_text(answer, None) == "It says STOP."


def test_the_function_has_a_minute_left_to_judge_what_was_answered() -> None:
    [timeout] = [each.timeout_seconds for each in functions() if each.state == "TestModel"]
    assert timeout - ASKING_SECONDS >= 60
