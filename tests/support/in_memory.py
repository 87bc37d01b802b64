"""A service in memory behind a real boto3 client: the client checks and words each call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answer = tuple[AWSResponse, dict[str, Any]]
    # Given the operation's name, and the call as it was made.
    Answering = Callable[[str, Mapping[str, Any]], Answer]


def answer_calls(client: Any, service: str, answering: Answering) -> None:
    """Have a client's calls answered here, unless another handler of the same event does."""

    def answer(model: Any, context: Mapping[str, Any], **_: Any) -> Answer:
        return answering(model.name, context["asked"])

    events = client.meta.events
    events.register_last(f"before-parameter-build.{service}", _remember)
    events.register_last(f"before-call.{service}", answer)


def say(status: int, answer: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    """An answer as botocore hands it on once it is read."""
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": dict(headers or {}), "RetryAttempts": 0}
    return AWSResponse("", status, {}, None), {**answer, "ResponseMetadata": metadata}


def _remember(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    # The call as it was made: a request's body no longer tells bytes from text, nor what is asked.
    context["asked"] = params
