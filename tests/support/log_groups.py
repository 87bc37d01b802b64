"""CloudWatch Logs behind a real boto3 client, of containers that wrote nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from tests.support.definition import NotModelled

if TYPE_CHECKING:
    from collections.abc import Mapping

_Answer = tuple[AWSResponse, dict[str, Any]]


class LogGroups:
    """Every log group of the account, by name: none has a stream."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def answer_for(self, client: Any) -> None:
        """Answer what this client asks."""
        events = client.meta.events
        events.register_last("before-parameter-build.logs", _remember)
        events.register_last("before-call.logs", self._answer)

    def _answer(self, model: Any, context: Mapping[str, Any], **_: Any) -> _Answer:
        name = context["asked"]["logGroupName"]
        match model.name:
            case "CreateLogGroup":
                self.names.add(name)
                return _say(200, {})
            case "DescribeLogStreams" if name in self.names:
                return _say(200, {"logStreams": []})
            case "DescribeLogStreams":
                # Source: CloudWatch Logs API Reference, DescribeLogStreams, "Errors".
                said = "The specified log group does not exist."
                error = {"Code": "ResourceNotFoundException", "Message": said}
                return _say(400, {"Error": error})
            case other:
                raise NotModelled(other)


def _remember(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["asked"] = params


def _say(status: int, answer: dict[str, Any]) -> _Answer:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}
    return AWSResponse("", status, {}, None), {**answer, "ResponseMetadata": metadata}
