"""A service in memory behind a real boto3 client, which validates each call and raises the refusals.

No HTTP request is written, because the service takes the call's parameters: writing took half of a call.
"""

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

    # botocore's validator still runs before it. Endpoint rules choose a host, and no host is called.
    client._serializer._serializer = _NoRequest()
    client._ruleset_resolver = None
    events = client.meta.events
    events.register_last(f"before-parameter-build.{service}", _remember)
    events.register_last(f"before-call.{service}", answer)


class _NoRequest:
    """In place of botocore's serializer."""

    def serialize_to_request(self, _params: Mapping[str, Any], _operation: Any) -> dict[str, Any]:
        """An empty request, for the hooks that watch a call."""
        return {"url_path": "/", "query_string": "", "method": "POST", "headers": {}, "body": b""}


def say(status: int, answer: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    """An answer in the form that botocore returns after parsing."""
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": dict(headers or {}), "RetryAttempts": 0}
    return AWSResponse("", status, {}, None), {**answer, "ResponseMetadata": metadata}


def _remember(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    # The call's parameters: the request's body doesn't tell bytes from text, or the operation.
    context["asked"] = params
