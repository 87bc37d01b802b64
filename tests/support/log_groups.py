"""CloudWatch Logs behind a real boto3 client, of containers that wrote nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.definition import NotModelled
from tests.support.in_memory import answer_calls, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.in_memory import Answer


class LogGroups:
    """Every log group of the account, by name: none has a stream."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def answer_for(self, client: Any) -> None:
        """Answer what this client asks."""
        answer_calls(client, "logs", self._answer)

    def _answer(self, operation: str, asked: Mapping[str, Any]) -> Answer:
        name = asked["logGroupName"]
        match operation:
            case "CreateLogGroup":
                self.names.add(name)
                return say(200, {})
            case "DescribeLogStreams" if name in self.names:
                return say(200, {"logStreams": []})
            case "DescribeLogStreams":
                # Source: CloudWatch Logs API Reference, DescribeLogStreams, "Errors".
                said = "The specified log group does not exist."
                error = {"Code": "ResourceNotFoundException", "Message": said}
                return say(400, {"Error": error})
            case other:
                raise NotModelled(other)
