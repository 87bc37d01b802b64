"""A service in memory behind a real boto3 client, which validates and serialises each call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answer = tuple[AWSResponse, dict[str, Any]]
    # Given the operation's name, and the call as it was made.
    Answering = Callable[[str, Mapping[str, Any]], Answer]


def answer_calls(client: Any, service: str, answering: Answering) -> None:
    """Answer a client's calls here, unless another handler of the same event does."""

    def answer(model: Any, context: Mapping[str, Any], **_: Any) -> Answer:
        return answering(model.name, context["asked"])

    events = client.meta.events
    events.register_last(f"before-parameter-build.{service}", _remember)
    events.register_last(f"before-call.{service}", answer)


def say(status: int, answer: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in the form that botocore returns after parsing."""
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": dict(headers or {}), "RetryAttempts": 0}
    return AWSResponse("", status, {}, None), {**answer, "ResponseMetadata": metadata}


def _remember(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    # The call's parameters: the request's body doesn't tell bytes from text, or the operation.
    context["asked"] = params
