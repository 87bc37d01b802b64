"""DynamoDB, which takes no change of some items."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

TOO_LARGE = ("ValidationException", "Item size to update has exceeded the maximum allowed size")
DENIED = ("AccessDeniedException", "User is not authorized to perform: dynamodb:UpdateItem")


@dataclass
class Refusing:
    """A client of DynamoDB that hands on whatever it doesn't refuse."""

    dynamodb: Any
    refuses: Callable[[dict[str, Any]], bool]
    error: tuple[str, str] = TOO_LARGE
    written: list[dict[str, Any]] = field(default_factory=list)

    def __getattr__(self, operation: str) -> Any:
        """All that only reads."""
        return getattr(self.dynamodb, operation)

    def put_item(self, **request: Any) -> Any:
        """PutItem."""
        self._check("PutItem", request["Item"])
        return self.dynamodb.put_item(**request)

    def update_item(self, **request: Any) -> Any:
        """UpdateItem."""
        self._check("UpdateItem", request["Key"])
        return self.dynamodb.update_item(**request)

    def _check(self, operation: str, key: dict[str, Any]) -> None:
        if self.refuses(key):
            code, message = self.error
            answer: Any = {
                "Error": {"Code": code, "Message": message},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ClientError(answer, operation)
        self.written.append(key)


def is_update(key: dict[str, Any]) -> bool:
    """An update's own item."""
    return bool(key["sk"]["S"] == "update")


def is_of_update(key: dict[str, Any]) -> bool:
    """Whatever has an update's key."""
    return bool(key["pk"]["S"].startswith("update#"))


def is_any(_key: dict[str, Any]) -> bool:
    """The whole table."""
    return True


def is_none(_key: dict[str, Any]) -> bool:
    """Nothing is refused."""
    return False
